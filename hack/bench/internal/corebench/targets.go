// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package corebench

import (
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/load"
)

// What EventCore 2.0.1, in Rust, needs for a command in memory: measured by its own benchmarks, on a machine of the
// same kind, on an empty stream and on one of 10,000 events, which it reads each time.
const (
	originalEmpty   = 1500 * time.Nanosecond
	original10000   = 731 * time.Microsecond
	originalHistory = 10_000
)

// Targets compare commands in memory with the original.
func Targets() []compare.Group {
	const empty, short, long = "memory: empty streams", "memory: 1 stream", "memory: a stream of 10,000 events"
	workload := func(name string, accounts, history int) compare.Workload {
		commands := load.Commands{Store: lab.Memory, Callers: 1, Accounts: accounts, History: history}
		return compare.Workload{Name: name, Open: commands.Open}
	}
	row := func(name, ours string, limit time.Duration, target float64) compare.Row {
		return compare.Row{
			Name: name, Ours: compare.Mean(ours), Limit: compare.Constant(limit), Target: compare.AtMost(target),
		}
	}
	return []compare.Group{{
		Name: "memory",
		Workloads: []compare.Workload{
			workload(empty, 0, 0), workload(short, 1, 0), workload(long, 1, originalHistory),
		},
		Rows: []compare.Row{
			row("memory, command on an empty stream, unseen : Rust", empty, originalEmpty, 2),
			row("memory, command on a short stream, warm : Rust", short, originalEmpty, 2),
			row("memory, command on 10,000 events, warm : Rust", long, original10000, 0.01),
		},
	}}
}
