// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"strconv"

	"github.com/eventcore/order-operator/controllers/saga"
)

func itoa(number int) string { return strconv.Itoa(number) }

// ObserveStatus holds a status against what was counted up to now, and against what was observed of the object before.
// A status that is behind the log is judged by its position alone.
func (c *Checker) ObserveStatus(id saga.OrderID, status OrderStatus) {
	f := findings{order: id}
	c.observePosition(&f, id, status)
	a := c.orders[id]
	switch {
	case a == nil && c.histories[id] == nil:
		f.demand(!c.options.KeepSettled || rejected(status), StatusIsFold, nil, "there is an Order of which no event tells")
	case !a.accepts(status.UID):
		f.demand(rejected(status), StatusIsFold, at(a.Last),
			"the Order is not the one that was carried out under its name, but is not rejected")
	case status.Position == nil || *status.Position == a.Last:
		c.judgeStatus(&f, id, a, status)
	}
	c.add(f)
}

func rejected(status OrderStatus) bool { return status.Outcome == nil || *status.Outcome == "Rejected" }

func (c *Checker) observePosition(f *findings, id saga.OrderID, status OrderStatus) {
	if status.Position == nil {
		return
	}
	position := *status.Position
	f.demand(position <= c.last, PositionMonotone, at(position),
		"its status shows event %d, but the log ends with %d", position, c.last)
	before := c.seen[id]
	if before.uid == status.UID && before.epoch == status.Epoch {
		f.demand(position >= before.position, PositionMonotone, at(before.position, position),
			"its status showed event %d, and now only event %d", before.position, position)
	}
	c.seen[id] = seen{status.UID, status.Epoch, position}
}

// judgeStatus holds what a status says against the events up to the same position.
func (c *Checker) judgeStatus(f *findings, id saga.OrderID, a *orderAccount, status OrderStatus) {
	outcomes := map[ending]string{"": "", completed: "Completed", cancelled: "Cancelled"}
	same := func(what string, says *string, is string) {
		if says != nil {
			f.demand(*says == is, StatusIsFold, at(a.Last), "its status says that %s is %q, the events say %q", what, *says, is)
		}
	}
	same("its outcome", status.Outcome, outcomes[a.Ending])
	same("what was charged", status.Charged, saga.Money{Currency: a.Total.Currency, Minor: a.Captured}.String())
	same("what was refunded", status.Refunded, saga.Money{Currency: a.Total.Currency, Minor: a.Refunded}.String())
	if status.NeedsAttention != nil {
		f.demand(*status.NeedsAttention == (a.Attention != nil), StatusIsFold, at(a.held(), a.Last),
			"its status says that a person is needed: %t, the events say %t", *status.NeedsAttention, a.Attention != nil)
	}
	if h := c.histories[id]; status.Differs != nil && h != nil {
		difference := status.Differs(h.folded)
		f.demand(difference == "", StatusIsFold, at(a.Last), "its status is not the projection of its events: %s", difference)
	}
}
