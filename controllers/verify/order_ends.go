// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"github.com/eventcore/order-operator/controllers/saga"
)

// complete: goods leave when they are reserved, paid and have a shipment.
func (v *visit) complete(payload saga.OrderCompleted) {
	a := v.account
	v.forward("", "the order was completed")
	v.demand(sameLines(payload.Lines, a.Lines), ReservationOfOrder, at(v.position()), "other goods left than were ordered")
	v.demand(a.Reserved != 0, PaidBeforeRelease, at(v.position()), "its goods left without a reservation")
	v.demand(a.kept() == a.Total.Minor, PaidBeforeRelease, at(a.Charged, v.position()),
		"its goods left although of %s only %s were taken", money(a.Total), a.amount(a.kept()))
	v.demand(a.Shipped != 0, PaidBeforeRelease, at(v.position()), "it was completed without a shipment")
	v.demand(a.Authorized == 0, AuthorizationClosed, at(a.Charged, v.position()),
		"it was completed although %s of the customer's are still set aside", a.amount(a.Authorized))
	v.end(completed)
	a.Reserved = 0
}

// cancel: nothing is left of an order that is cancelled.
func (v *visit) cancel() {
	a := v.account
	v.undo("it was cancelled")
	v.demand(a.Reserved == 0, StockReleased, at(a.Reserved, v.position()),
		"it was cancelled, but its goods stay reserved for nobody")
	v.demand(a.kept() == 0, MoneyReturned, at(a.Charged, v.position()),
		"it was cancelled, but %s of the customer's were kept", a.amount(a.kept()))
	v.demand(a.Authorized == 0, AuthorizationClosed, at(a.Charged, v.position()),
		"it was cancelled, but %s of the customer's stay set aside", a.amount(a.Authorized))
	v.demand(a.Shipped == 0, ShipmentWithdrawn, at(a.Shipped, v.position()), "it was cancelled, but its shipment was not")
	v.end(cancelled)
}

func (v *visit) end(how ending) {
	a := v.account
	if o, open := a.openCall(allOperations...); open != nil {
		v.demand(false, CallsClosed, at(open.Intent, v.position()),
			"it was %s although nobody knew yet what had become of the %s", how, o)
	}
	v.demand(a.Attention == nil, EndsOnce, at(a.held(), v.position()),
		"it was %s although a person's decision was asked for", how)
	a.Ending, a.Ended = how, v.position()
}

// attend counts a question to a person. One that says when the operator tries again leaves the call open.
func (v *visit) attend(payload saga.AttentionRequired) {
	a := v.account
	a.Attention = &attention{
		Step: payload.Step, Undo: payload.Undo, Reason: payload.Reason, Position: v.position(),
		GoesOn: !payload.NotBefore.IsZero(),
	}
	o, ok := a.operationOf(payload.Step, payload.Undo)
	if !ok || !a.call(o).open() || payload.Reason == saga.ReasonHappenedTwice {
		return
	}
	if c := a.call(o); payload.NotBefore.IsZero() && payload.Undo {
		c.State = refused
	} else if c.State == flying {
		c.State = unknown
	}
}

// resolve counts what a person has decided. What they say about a provider is taken for true: its ledger may not know.
func (v *visit) resolve(payload saga.AttentionResolved) {
	a := v.account
	v.demand(a.held() == payload.Attention, EndsOnce, at(a.held(), payload.Attention, v.position()),
		"a person's answer to another question was taken for the answer to this one")
	v.demand(payload.Actor != "" && payload.Reason != "", Attributed, at(v.position()),
		"nobody knows which person decided, or why")
	was := a.Attention
	a.Attention, a.Refused = nil, false
	twice := was != nil && was.Reason == saga.ReasonHappenedTwice
	a.ByHand.Twice = a.ByHand.Twice || twice
	o, ok := a.operationOf(payload.Step, payload.Undo)
	if !ok || twice || payload.Action == saga.ResolveRetry {
		return
	}
	c := a.call(o)
	c.Asserted = true
	if payload.Action == saga.ResolveSkip && !payload.Undo {
		c.State = fenced
		return
	}
	c.State = succeeded
	v.byHand(o)
}

// byHand counts what a person says that was done.
func (v *visit) byHand(o operation) {
	a, h := v.account, &v.account.ByHand
	captured, refunded, authorized := a.Captured, a.Refunded, a.Authorized
	switch o {
	case charge:
		v.charged(a.Total, a.OnShipment)
	case capture:
		v.captured(a.Authorized)
	case refund:
		v.refunded(a.kept())
	case void:
		v.voided()
	case ship:
		v.shipped()
		h.Shipped++
	case withdraw:
		if a.Shipped != 0 {
			v.withdrawn()
			h.Withdrawn++
		}
	}
	h.Captured += a.Captured - captured
	h.Refunded += a.Refunded - refunded
	h.Authorized += max(0, a.Authorized-authorized)
	h.Released += max(0, authorized-a.Authorized)
}
