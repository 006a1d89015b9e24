// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"fmt"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/load"
)

// lengthGroup asks whether a command depends on the length of its stream, once the state is in memory.
func lengthGroup(store lab.Kind, history int) compare.Group {
	length := compare.Count(history)
	long, short := fmt.Sprintf("%s: a stream of %s events", store, length), fmt.Sprintf("%s: short streams", store)
	one := load.Commands{Store: store, Callers: 1, Accounts: 1, History: history, NoteBytes: noteBytes}
	// So many that none becomes long.
	many := load.Commands{Store: store, Callers: 1, Accounts: 200, NoteBytes: noteBytes}
	return compare.Group{
		Name:      fmt.Sprintf("length of history, %s", store),
		Workloads: []compare.Workload{{Name: long, Open: one.Open}, {Name: short, Open: many.Open}},
		Rows: []compare.Row{
			row(fmt.Sprintf("%s, command on %s events : on an empty stream", store, length), long, short, 0.8),
		},
	}
}

// hotGroup asks what it costs that everybody wants the same stream.
func hotGroup() compare.Group {
	const hot, own, fresh = "SQLite: 20 tasks, 1 stream", "SQLite: 20 tasks, a stream each", "SQLite: 20 tasks, fresh streams"
	tasks := func(accounts int) load.Commands {
		return load.Commands{Store: lab.SQLite, Callers: 20, Accounts: accounts, NoteBytes: noteBytes}
	}
	return compare.Group{
		Name: "hot stream",
		Workloads: []compare.Workload{
			{Name: hot, Open: tasks(1).Open}, {Name: own, Open: tasks(20).Open}, {Name: fresh, Open: tasks(0).Open},
		},
		Rows: []compare.Row{
			row("SQLite, 20 tasks on one stream : fresh streams", hot, fresh, 0.8),
			row("SQLite, 20 tasks on one stream : a stream each", hot, own, 0.8),
			{
				Name: "SQLite, 20 tasks on one stream, p99 : p50",
				Ours: compare.Latency(hot, 0.99), Limit: compare.Latency(hot, 0.5), Target: compare.Below(20),
			},
		},
	}
}
