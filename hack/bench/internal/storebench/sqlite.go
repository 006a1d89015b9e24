// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
)

// sqliteGroups are few workloads each, so that what is compared is measured within the same second.
func sqliteGroups() []compare.Group {
	const (
		bare1, bare100         = "raw SQLite: 1 row a commit", "raw SQLite: 100 rows a commit"
		indexed1, indexed100   = "raw SQLite: 1 row a commit, indexed", "raw SQLite: 100 rows a commit, indexed"
		one, sixteen, many, tr = "SQLite: 1 writer", "SQLite: 16 writers", "SQLite: 256 writers", "SQLite: transfers, 16 writers"
	)
	return []compare.Group{{
		Name: "SQLite",
		Workloads: []compare.Workload{
			{Name: disk, Open: openDisk},
			{Name: bare1, Open: rawSQLite{rows: 1}.open},
			{Name: one, Open: commands(lab.SQLite, 1).Open},
			{Name: indexed1, Open: rawSQLite{rows: 1, indexed: true}.open},
			{Name: sixteen, Open: commands(lab.SQLite, 16).Open},
			{Name: tr, Open: transfers(lab.SQLite).Open},
		},
		Beside: []string{disk},
		Rows: []compare.Row{
			row("SQLite, 1 writer : 1 row a commit", one, bare1, 0.85),
			row("SQLite, 1 writer : 1 row a commit, indexed", one, indexed1, 0.85),
			row("SQLite, 16 writers : 1 row a commit", sixteen, bare1, 4),
			row("SQLite, 16 writers : 1 row a commit, indexed", sixteen, indexed1, 4),
			row("SQLite, transfers, 16 writers : own single-stream rate", tr, sixteen, 0.85),
		},
	}, {
		Name: "SQLite, 256 writers",
		Workloads: []compare.Workload{
			{Name: bare100, Open: rawSQLite{rows: 100}.open},
			{Name: many, Open: commands(lab.SQLite, 256).Open},
			{Name: indexed100, Open: rawSQLite{rows: 100, indexed: true}.open},
		},
		Rows: []compare.Row{
			row("SQLite, 256 writers : 100 rows a commit", many, bare100, 1),
			row("SQLite, 256 writers : 100 rows a commit, indexed", many, indexed100, 1),
		},
	}}
}
