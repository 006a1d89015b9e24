// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// visit is one event applied to one order's account.
type visit struct {
	findings
	account *orderAccount
	event   *eventcore.Event
	store   string
}

func (v *visit) position() eventcore.Position { return v.event.Position }

// apply counts the event. The account is that of the attempt that the event belongs to.
func (v *visit) apply() {
	a := v.account
	v.attribution()
	if a.Ending != "" {
		v.afterEnd()
	}
	v.decision()
	a.Last, a.LastAt, a.NotBefore = v.position(), v.event.RecordedAt, notBefore(v.event.Payload)
}

// notBefore is when the event says that something is due.
func notBefore(payload any) time.Time {
	switch payload := payload.(type) {
	case saga.StepRetryScheduled:
		return payload.NotBefore
	case saga.OutcomeUnknown:
		return payload.NotBefore
	case saga.AttentionRequired:
		return payload.NotBefore
	}
	return time.Time{}
}

// attribution: every event tells whose it is, why it came about, and who decided it.
func (v *visit) attribution() {
	m := v.event.Metadata
	want := v.correlation(v.account.Attempt)
	v.demand(m.CorrelationID == want || v.ofEarlier(), Attributed, at(v.position()),
		"%s is marked as belonging to %q instead of %q", v.event.Type, m.CorrelationID, want)
	v.demand(m.Actor != "", Attributed, at(v.position()), "nobody knows who decided %s", v.event.Type)
	_, first := v.event.Payload.(saga.OrderCreated)
	v.demand(first || v.withFirst() || m.Causation > 0 && m.Causation < v.position(), Attributed, at(v.position()),
		"nobody knows what caused %s: it names event %d", v.event.Type, m.Causation)
}

// correlation is the correlation id of the order's attempt.
func (v *visit) correlation(attempt int) string {
	return fmt.Sprintf("%s/%s/%d", v.store, v.order, attempt)
}

// ofEarlier reports whether the event tells a person of what an earlier attempt's call has done after all: it belongs to
// that attempt.
func (v *visit) ofEarlier() bool {
	required, ok := v.event.Payload.(saga.AttentionRequired)
	if !ok || required.Reason != saga.ReasonHappenedTwice {
		return false
	}
	for attempt := 1; attempt < v.account.Attempt; attempt++ {
		if v.event.Metadata.CorrelationID == v.correlation(attempt) {
			return true
		}
	}
	return false
}

// withFirst reports whether the event was recorded along with OrderCreated: nothing came before.
func (v *visit) withFirst() bool {
	version, _ := v.event.VersionIn(v.order.Stream())
	switch v.event.Payload.(type) {
	case saga.OrderSuspended:
		return version == 2
	case saga.CallDoubted:
		return version <= 4
	}
	return false
}

// afterEnd: what may still come is a remark, or the undoing of what came to light late.
func (v *visit) afterEnd() {
	switch v.event.Payload.(type) {
	case saga.StockReserved, saga.OrderCompleted, saga.OrderCancelled, saga.PaymentRequested, saga.ShipmentRequested,
		saga.CaptureRequested, saga.CompensationStarted, saga.DeadlineExceeded:
		v.demand(false, EndsOnce, at(v.account.Ended, v.position()),
			"the order was %s already when %s was recorded", v.account.Ending, v.event.Type)
	}
}

func (v *visit) decision() {
	a := v.account
	switch payload := v.event.Payload.(type) {
	case saga.OrderAttached:
		a.UIDs = append(a.UIDs, payload.UID)
	case saga.OrderCancellationRequested:
		a.Unwanted = v.position()
	case saga.OrderSuspended:
		a.Suspended, a.CancelAt = v.position(), payload.CancelAt
	case saga.OrderResumed:
		a.Suspended, a.CancelAt = 0, time.Time{}
	case saga.DeadlineExceeded:
		a.TooLate = v.position()
	case saga.CompensationStarted:
		a.Turned, a.Waiting = v.position(), false
	case saga.OrderCompleted:
		v.complete(payload)
	case saga.OrderCancelled:
		v.cancel()
	default:
		v.step()
	}
}

func (v *visit) step() {
	switch payload := v.event.Payload.(type) {
	case saga.StockReserved:
		v.reserve(payload)
	case saga.StockReservationFailed:
		v.account.Refused = true
	case saga.StockReservationReleased:
		v.release(payload)
	case saga.StepWaiting:
		v.account.Waiting = true
	case saga.StepRetryScheduled:
		v.retry(payload)
	case saga.OutcomeUnknown:
		v.unknown(payload)
	case saga.CallDoubted:
		v.doubt(payload)
	case saga.AttentionRequired:
		v.attend(payload)
	case saga.AttentionResolved:
		v.resolve(payload)
	default:
		v.payment()
	}
}

func (v *visit) payment() {
	switch payload := v.event.Payload.(type) {
	case saga.PaymentRequested:
		v.requestPayment(payload)
	case saga.PaymentProcessed:
		v.answer(charge, payload.Generation, succeeded)
		v.charged(payload.Amount, payload.Authorized)
	case saga.PaymentFailed:
		v.account.Refused = true
		v.answer(chargeOrCapture(payload.Capture), payload.Generation, refused)
	case saga.CaptureRequested:
		v.requestCapture(payload)
	case saga.PaymentCaptured:
		v.answer(capture, payload.Generation, succeeded)
		v.captured(payload.Amount.Minor)
	case saga.RefundRequested:
		v.requestRefund(payload)
	case saga.PaymentRefunded:
		v.answer(refund, payload.Generation, succeeded)
		if a := v.account; payload.Reference == "" || !slices.Contains(a.Refunds, payload.Reference) {
			a.Refunds = append(a.Refunds, payload.Reference)
			v.refunded(payload.Amount.Minor)
		}
	case saga.PaymentVoided:
		v.answer(void, payload.Generation, succeeded)
		v.voided()
	default:
		v.shipment()
	}
}

func chargeOrCapture(isCapture bool) operation {
	if isCapture {
		return capture
	}
	return charge
}

func (v *visit) shipment() {
	switch payload := v.event.Payload.(type) {
	case saga.ShipmentRequested:
		v.requestShipment(payload)
	case saga.ShipmentCreated:
		v.answer(ship, payload.Generation, succeeded)
		v.shipped()
	case saga.ShipmentFailed:
		v.account.Refused = true
		v.answer(ship, payload.Generation, refused)
	case saga.ShipmentCancelRequested:
		v.requestWithdrawal(payload)
	case saga.ShipmentCancelled:
		v.answer(withdraw, payload.Generation, succeeded)
		v.withdrawn()
	case saga.OrderShipped:
		v.dispatched()
	}
}

// forward: a step is taken only by an order that is on its way forward.
func (v *visit) forward(step, what string) {
	a := v.account
	held := a.held()
	if held != 0 && a.Attention.GoesOn && !a.Attention.Undo && a.Attention.Step == step {
		held = 0 // the operator goes on with what it asks about
	}
	for _, stop := range []struct {
		position eventcore.Position
		why      string
	}{
		{a.Turned, "it had turned round"},
		{a.TooLate, "its deadline had passed"},
		{a.Unwanted, "its cancellation was requested"},
		{a.Suspended, "it was suspended"},
		{held, "it was waiting for a person's decision"},
	} {
		v.demand(stop.position == 0, NoForwardAfterTurn, at(stop.position, v.position()), "%s although %s", what, stop.why)
	}
}

// held returns the position of the open question to a person, 0 if there is none.
func (a *orderAccount) held() eventcore.Position {
	if a.Attention == nil {
		return 0
	}
	return a.Attention.Position
}

// undo: nothing is undone before the order has turned round.
func (v *visit) undo(what string) {
	v.demand(v.account.Turned != 0, TurnBeforeUndo, at(v.position()), "%s although nobody had decided to cancel the order", what)
}

// noneOpen: the outcome of the later steps' calls is known before an earlier step is undone.
func (v *visit) noneOpen(what string, later ...operation) {
	if o, open := v.account.openCall(later...); open != nil {
		v.demand(false, CompensateInReverse, at(open.Intent, v.position()),
			"%s although nobody knew yet what had become of the %s", what, o)
	}
}

// keyPrefix is what all idempotency keys of the order begin with.
func (v *visit) keyPrefix() string {
	return fmt.Sprintf("%s/%s/%d/", v.store, v.order, v.account.Attempt)
}

func (v *visit) keyIsTheOrders(key string) bool {
	rest, ok := strings.CutPrefix(key, v.keyPrefix())
	return ok && rest != ""
}
