// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"fmt"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// Targets of the design.
const (
	// atDefault is how often faster than DBOS at its defaults, ours waiting for the disk, and atEqual how often faster at
	// equal durability.
	atDefault, atEqual = 10, 20
	// single is how long one saga may take that is alone.
	single = 2 * time.Millisecond
)

// many is how many sagas there are at once.
const many = 64

// Groups are all comparisons. program is that of the module hack/bench/dbos.
func Groups(program string) []compare.Group {
	groups := make([]compare.Group, 0, 8)
	for _, store := range []lab.Kind{lab.SQLite, lab.Postgres} {
		for _, compensated := range []bool{false, true} {
			c := contest{program: program, store: store, compensated: compensated}
			groups = append(groups, c.manyAtOnce(), c.oneAtATime())
		}
	}
	return groups
}

// contest is between engines that carry out the same orders on a store of the kind.
type contest struct {
	program     string
	store       lab.Kind
	compensated bool
}

func (c contest) name(atOnce int) string {
	name := string(c.store) + ", happy"
	if c.compensated {
		name = string(c.store) + ", compensated"
	}
	return fmt.Sprintf("%s, %d at once", name, atOnce)
}

// The engines, as the tables name them. DBOS waits for the disk on PostgreSQL, and by default not on SQLite.
const (
	ourName    = "ours"
	dbosName   = "DBOS"
	fullName   = "DBOS at FULL"
	byItemName = "DBOS, a step for each item"
	floorName  = "the floor"
)

// workload returns an engine at work on so many sagas at once.
func (c contest) workload(engine string, atOnce int) compare.Workload {
	task := shop.Task{AtOnce: atOnce, Compensated: c.compensated, Full: engine == fullName, ByItem: engine == byItemName}
	open := dbos{program: c.program, store: c.store, task: task}.open
	switch engine {
	case ourName:
		open = ours{store: c.store, atOnce: atOnce, compensated: c.compensated}.open
	case floorName:
		open = floor{store: c.store, atOnce: atOnce, compensated: c.compensated}.open
	}
	return compare.Workload{Name: c.name(atOnce) + ": " + engine, Open: open}
}

// engines are those that take part: what DBOS does by default, and at the durability of ours where that differs.
func (c contest) engines() []string {
	if c.store == lab.SQLite {
		return []string{ourName, dbosName, fullName}
	}
	return []string{ourName, dbosName}
}

// equal is DBOS as durable as ours.
func (c contest) equal() string {
	if c.store == lab.SQLite {
		return fullName
	}
	return dbosName
}

func (c contest) group(atOnce int, engines ...string) compare.Group {
	group := compare.Group{Name: c.name(atOnce)}
	for _, engine := range engines {
		group.Workloads = append(group.Workloads, c.workload(engine, atOnce))
	}
	return group
}

// manyAtOnce compares how many orders are carried out in a second.
func (c contest) manyAtOnce() compare.Group {
	name := c.name(many)
	group := c.group(many, append(c.engines(), byItemName, floorName)...)
	row := func(other, remark string, bound float64) compare.Row {
		return compare.Row{
			Name: name + " : " + other + remark, Ours: compare.Rate(name + ": " + ourName), Limit: compare.Rate(name + ": " + other),
			Target: compare.AtLeast(bound),
		}
	}
	group.Rows = []compare.Row{
		row(dbosName, " at its default", atDefault), row(c.equal(), ", equally durable", atEqual),
		row(byItemName, "", atDefault), row(floorName, "", 1),
	}
	return group
}

// oneAtATime compares how long an order takes that is alone.
func (c contest) oneAtATime() compare.Group {
	name := c.name(1)
	group := c.group(1, append(c.engines(), floorName)...)
	p50 := func(engine string) compare.Figure { return compare.Latency(name+": "+engine, 0.5) }
	if c.store == lab.SQLite && !c.compensated {
		group.Rows = append(group.Rows, compare.Row{
			Name: name + ", p50", Ours: p50(ourName), Limit: compare.Constant(single), Target: compare.Below(1),
		})
	}
	for _, other := range c.engines()[1:] {
		group.Rows = append(group.Rows, compare.Row{
			Name: name + ", p50 : " + other, Ours: p50(ourName), Limit: p50(other), Target: compare.AtMost(1),
		})
	}
	group.Beside = []string{name + ": " + floorName}
	return group
}
