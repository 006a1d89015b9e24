// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"slices"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/load"
)

// Size is how much history there is.
type Size struct {
	// History is the length of the long stream.
	History int
	// Feed is how many events a projection catches up on.
	Feed int
}

// Full and Quick are what is measured, and what tells in less than a minute that everything works.
var (
	Full  = Size{History: 1_000_000, Feed: 100_000}
	Quick = Size{History: 2_000, Feed: 2_000}
)

// Groups are all comparisons that concern stores. What is compared with what, and the targets, are those of the design.
func Groups(size Size) []compare.Group {
	return slices.Concat(sqliteGroups(), postgresGroups(), []compare.Group{
		hotGroup(), subscriberGroup(), projectionGroup(size.Feed),
		lengthGroup(lab.SQLite, size.History), lengthGroup(lab.Postgres, size.History),
	})
}

// commands are those of callers that have an account each.
func commands(store lab.Kind, callers int) load.Commands {
	return load.Commands{Store: store, Callers: callers, Accounts: callers, NoteBytes: noteBytes}
}

// transfers are those of 16 callers between accounts that all of them use.
func transfers(store lab.Kind) load.Commands {
	return load.Commands{Store: store, Callers: 16, Accounts: 256, Transfers: true, NoteBytes: noteBytes}
}

// row compares two rates.
func row(name, ours, limit string, ratio float64) compare.Row {
	return compare.Row{Name: name, Ours: compare.Rate(ours), Limit: compare.Rate(limit), Target: compare.AtLeast(ratio)}
}
