// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"github.com/eventcore/order-operator/controllers/saga"
)

// tally is what was done for an order, by the providers and by hand.
type tally struct {
	begun, taken, returned, held, shipments, withdrawn int
}

// tallyOf counts what the providers' book and the people say.
func (w *world) tallyOf(id saga.OrderID) tally {
	w.t.Helper()
	correlation := saga.CorrelationID(storeID.String(), w.fold(id))
	done := func(k kind) int { return w.book.done(k, correlation) }
	c := tally{
		begun: done(charge) + done(authorize), taken: done(charge) + done(capture), returned: done(refund),
		held: done(authorize) - done(capture) - done(void), shipments: done(ship), withdrawn: done(withdraw),
	}
	var before saga.Order
	for _, event := range w.events(id.Stream()) {
		if resolved, ok := event.Payload.(saga.AttentionResolved); ok && resolved.Action != saga.ResolveRetry {
			c.byHand(before, resolved)
		}
		before = before.Apply(id.Stream(), &event)
	}
	return c
}

// byHand counts what a person says to have done. A call that did succeed is in the book already.
func (c *tally) byHand(order saga.Order, resolved saga.AttentionResolved) {
	_, void := order.Back()
	switch {
	case resolved.Undo && resolved.Step == saga.CreateShipment:
		c.withdrawn++
	case resolved.Undo && void:
		c.held--
	case resolved.Undo:
		c.returned++
	case resolved.Action != saga.ResolveForce:
	case resolved.Step == saga.CapturePayment && c.taken == 0:
		c.taken++
		c.held--
	case resolved.Step == saga.ProcessPayment && c.begun == 0:
		c.begun++
		c.taken++
	case resolved.Step == saga.CreateShipment && c.shipments == 0:
		c.shipments++
	}
}

// audit holds the order's rest against the providers' books and the stock.
func (w *world) audit(id saga.OrderID) {
	w.t.Helper()
	folded, c := w.fold(id), w.tallyOf(id)
	if c.begun > 1 || c.returned > c.taken || c.held < 0 || c.shipments > 1 || c.withdrawn > c.shipments {
		w.t.Errorf("%s: %+v", id, c)
	}
	if a := folded.Attention; a != nil && a.Reason == saga.ReasonOutcomeUnknown {
		return // the books may know more, until the next look-up
	}
	if folded.Captured().Minor != int64(c.taken)*total.Minor || folded.Refunded.Minor != int64(c.returned)*total.Minor {
		w.t.Errorf("%s: recorded are %v taken and %v returned, in the books %+v", id, folded.Captured(), folded.Refunded, c)
	}
	if folded.Attention != nil {
		return
	}
	left := 0
	if folded.Outcome == saga.Completed {
		left = 1
	}
	if c.taken-c.returned != left || c.held != 0 || c.shipments-c.withdrawn != left || !folded.Money().None() {
		w.t.Errorf("%s ended %s with %+v", id, folded.Outcome, c)
	}
}
