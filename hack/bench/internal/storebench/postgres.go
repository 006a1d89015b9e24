// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
)

// postgresGroups are few workloads each, so that what is compared is measured within the same second.
func postgresGroups() []compare.Group {
	const (
		raw1, raw16        = "raw PostgreSQL: 1 connection", "raw PostgreSQL: 16 connections"
		raw100, indexed100 = "raw PostgreSQL: unnest 100", "raw PostgreSQL: unnest 100, indexed"
		one, sixteen, many = "PostgreSQL: 1 writer", "PostgreSQL: 16 writers", "PostgreSQL: 256 writers"
		tr                 = "PostgreSQL: transfers, 16 writers"
	)
	return []compare.Group{{
		Name: "PostgreSQL, 1 writer",
		Workloads: []compare.Workload{
			{Name: disk, Open: openDisk},
			{Name: raw1, Open: rawPostgres{connections: 1, rows: 1}.open},
			{Name: one, Open: commands(lab.Postgres, 1).Open},
		},
		Beside: []string{disk},
		Rows:   []compare.Row{row("PostgreSQL, 1 writer : 1 connection", one, raw1, 0.9)},
	}, {
		Name: "PostgreSQL, 16 writers",
		Workloads: []compare.Workload{
			{Name: sixteen, Open: commands(lab.Postgres, 16).Open},
			{Name: raw16, Open: rawPostgres{connections: 16, rows: 1}.open},
			{Name: tr, Open: transfers(lab.Postgres).Open},
		},
		Rows: []compare.Row{
			row("PostgreSQL, 16 writers : 16 connections", sixteen, raw16, 2),
			row("PostgreSQL, transfers, 16 writers : 16 connections", tr, raw16, 1),
		},
	}, {
		Name: "PostgreSQL, 256 writers",
		Workloads: []compare.Workload{
			{Name: raw100, Open: rawPostgres{connections: 1, rows: 100}.open},
			{Name: many, Open: commands(lab.Postgres, 256).Open},
			{Name: indexed100, Open: rawPostgres{connections: 1, rows: 100, indexed: true}.open},
		},
		Rows: []compare.Row{
			row("PostgreSQL, 256 writers : unnest 100", many, raw100, 0.9),
			row("PostgreSQL, 256 writers : unnest 100, indexed", many, indexed100, 0.9),
		},
	}, processesGroup(16), processesGroup(256)}
}
