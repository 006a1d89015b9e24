// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"slices"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// Charge is the money that was taken, or set aside.
type Charge struct {
	// Reference is the provider's id of the charge or authorisation, which captures, voids and refunds name.
	Reference string
	Amount    Money
	// Authorized says that the money was set aside; Captured is what was taken of it since, and Voided says that it was
	// given back.
	Authorized bool
	Captured   Money
	Voided     bool
	// Before is what was taken by charges before this one, of which nothing is left.
	Before Money
}

// Captured is the money that was taken, be it returned since or not.
func (o Order) Captured() Money {
	captured := o.Charge.Amount
	if o.Charge.Authorized {
		captured = o.Charge.Captured
	}
	captured.Minor += o.Charge.Before.Minor
	return captured
}

// Held is the money that is still set aside: neither taken nor given back.
func (o Order) Held() Money {
	held := Money{Currency: o.Charge.Amount.Currency}
	if o.Charge.Authorized && !o.Charge.Voided && o.Charge.Captured.Minor == 0 {
		held.Minor = o.Charge.Amount.Minor
	}
	return held
}

// Debt is what the customer must be given back.
type Debt struct {
	// Refund is what was taken and not returned.
	Refund Money
	// Void is what is set aside.
	Void Money
}

// None reports whether nothing is owed.
func (d Debt) None() bool { return d.Refund.Minor <= 0 && d.Void.Minor <= 0 }

// Money is the rule over all others, in every state: an order that has turned round, or was cancelled, keeps no money.
// What is owed then is refunded or voided, whatever the order's steps say; no end absorbs money.
func (o Order) Money() Debt {
	if !o.Compensating && o.Outcome != Cancelled {
		return Debt{}
	}
	return Debt{Refund: o.outstanding(), Void: o.Held()}
}

func (o Order) outstanding() Money {
	captured := o.Captured()
	captured.Minor -= o.Refunded.Minor
	return captured
}

// Back returns how the step's money goes back to the customer, and how much: by a void if it was only set aside.
func (o Order) Back() (amount Money, void bool) {
	if held := o.Held(); held.Minor > 0 || o.Charge.Authorized && o.Charge.Captured.Minor == 0 {
		return held, true
	}
	return o.outstanding(), false
}

func (o Order) applyToPayment(event *eventcore.Event) Order {
	at := event.RecordedAt
	switch payload := event.Payload.(type) {
	case PaymentRequested:
		return o.change(ProcessPayment, at, requested(payload.Call, payload.Prepared))
	case PaymentProcessed:
		o.Charge = o.charged(payload.Reference, payload.Amount, payload.Authorized)
		return o.heard(ProcessPayment, false, "").change(ProcessPayment, at, succeeded(payload.Generation))
	case PaymentFailed:
		step := ProcessPayment
		if payload.Capture {
			step = CapturePayment
		}
		return o.heard(step, false, "").change(step, at, refused(explain(payload.Code, payload.Message)))
	case CaptureRequested:
		return o.change(CapturePayment, at, requested(payload.Call, ""))
	case PaymentCaptured:
		o.Charge.Captured = payload.Amount
		return o.heard(CapturePayment, false, "").change(CapturePayment, at, succeeded(payload.Generation))
	}
	return o.applyToRefund(event)
}

// charged is the charge that follows the order's last one, if it had one.
func (o Order) charged(reference string, amount Money, authorized bool) Charge {
	return Charge{
		Reference: reference, Amount: amount, Authorized: authorized,
		Captured: Money{Currency: amount.Currency}, Before: o.Captured(),
	}
}

func (o Order) applyToRefund(event *eventcore.Event) Order {
	at := event.RecordedAt
	switch payload := event.Payload.(type) {
	case RefundRequested:
		return o.change(o.refundStep(payload.Void), at, undoRequested(payload.Call))
	case PaymentRefunded:
		o = o.refunded(payload)
		step := o.refundStep(false)
		return o.heard(step, true, "").moneyBack(step, payload.Generation, at)
	case PaymentVoided:
		o.Charge.Voided = true
		return o.heard(ProcessPayment, true, "").moneyBack(ProcessPayment, payload.Generation, at)
	}
	return o.applyToShipment(event)
}

// refunded counts a refund once, under however many keys the provider tells of it.
func (o Order) refunded(payload PaymentRefunded) Order {
	if o.Counted(payload) {
		return o
	}
	o.Refunded.Minor += payload.Amount.Minor
	o.Refunds = append(slices.Clip(o.Refunds), payload.Reference)
	return o
}

// Counted reports whether the event tells of a refund that the order knows: the provider gave the same reference before.
func (o Order) Counted(event any) bool {
	refund, ok := event.(PaymentRefunded)
	return ok && refund.Reference != "" && slices.Contains(o.Refunds, refund.Reference)
}

// refundStep is the step whose compensation the refund is: what an authorisation has led to is refunded as a capture.
func (o Order) refundStep(void bool) string {
	if !void && o.Charge.Authorized {
		return CapturePayment
	}
	return ProcessPayment
}

// partlyRefunded is how long the rest of a refund waits: no provider should ever return a part.
const partlyRefunded = time.Minute

// moneyBack is the order after a refund or void. A rest is refunded next.
func (o Order) moneyBack(name string, generation int, at time.Time) Order {
	rest := o.outstanding().Minor > 0
	o = o.undoneByCall(name, generation, at)
	if rest {
		return o.change(name, at, func(s *StepStatus) { s.State, s.Undo.NotBefore = Undoing, at.Add(partlyRefunded) })
	}
	return o.alsoUndone(name, at)
}

// alsoUndone marks the earlier step of which nothing is left with the named one.
func (o Order) alsoUndone(name string, at time.Time) Order {
	flow := o.Flow()
	if flow == nil {
		return o
	}
	return o.change(flow.Step(name).Undoes, at, func(s *StepStatus) {
		if s.toUndo() {
			undone(s)
		}
	})
}
