// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// applyVerb folds what people, the order's object and the carrier have to say.
func (o Order) applyVerb(event *eventcore.Event) Order {
	switch payload := event.Payload.(type) {
	case OrderCancellationRequested:
		o.CancellationRequested = payload.Reason
	case OrderSuspended:
		o.Suspended = &Suspension{Reason: payload.Reason, CancelAt: payload.CancelAt}
	case OrderResumed:
		o.Suspended = nil
	case AttentionRequired:
		return o.attention(payload, event)
	case AttentionResolved:
		return o.resolved(payload, event.RecordedAt)
	default:
		return o.applyToStep(event)
	}
	return o
}

// attention has a person decide. A refused compensation is over: its next try is another generation.
func (o Order) attention(payload AttentionRequired, event *eventcore.Event) Order {
	o.Attention = &Attention{
		Step: payload.Step, Undo: payload.Undo, Reason: payload.Reason, Message: payload.Message,
		NotBefore: payload.NotBefore, Since: event.RecordedAt, Position: event.Position,
	}
	return o.change(payload.Step, event.RecordedAt, func(s *StepStatus) {
		if payload.Message != "" {
			s.Message = payload.Message
		}
		if payload.Undo && payload.NotBefore.IsZero() && s.Undo.Unsettled && payload.Reason != ReasonHappenedTwice {
			s.Undo.close()
		}
	})
}

// heard clears the attention that asked about the call, because its outcome has arrived; with a reason only if it was
// required because of that.
func (o Order) heard(step string, undo bool, reason string) Order {
	if a := o.Attention; a != nil && a.Step == step && a.Undo == undo && a.Reason != ReasonHappenedTwice &&
		(reason == "" || a.Reason == reason) {
		o.Attention = nil
	}
	return o
}

// resolved follows a person's decision.
func (o Order) resolved(payload AttentionResolved, at time.Time) Order {
	was := o.Attention
	o.Attention, o.Resolved = nil, payload.Attention
	switch {
	case was != nil && was.Reason == ReasonHappenedTwice:
		return o
	case payload.Undo:
		return o.resolvedUndo(payload, at)
	}
	return o.resolvedForward(payload, at)
}

func (o Order) resolvedUndo(payload AttentionResolved, at time.Time) Order {
	if payload.Action == ResolveRetry {
		if payload.Step == CreateShipment {
			o.Shipment.Dispatched = false
		}
		return o.change(payload.Step, at, func(s *StepStatus) { s.Undo.again() })
	}
	switch payload.Step {
	case ProcessPayment, CapturePayment:
		o = o.givenBack()
	}
	return o.forgetEffect(payload.Step).change(payload.Step, at, undone).alsoUndone(payload.Step, at)
}

// givenBack counts what was owed as returned by hand.
func (o Order) givenBack() Order {
	amount, void := o.Back()
	if void {
		o.Charge.Voided = true
	} else {
		o.Refunded.Minor += amount.Minor
	}
	return o
}

func (o Order) resolvedForward(payload AttentionResolved, at time.Time) Order {
	switch payload.Action {
	case ResolveForce:
		o = o.forced(payload)
		return o.change(payload.Step, at, func(s *StepStatus) { succeeded(s.Forward.Last.Generation)(s) })
	case ResolveSkip:
		return o.change(payload.Step, at, func(s *StepStatus) {
			s.Forward.close()
			s.didNotHappen(false, o.Compensating)
		})
	case ResolveRetry:
		return o.change(payload.Step, at, func(s *StepStatus) {
			if s.State == Refused { // a refused generation is over
				s.Forward.close()
				s.State = Pending
			}
			s.Forward.again()
		})
	}
	return o
}

// forced takes the effect of a step on a person's word.
func (o Order) forced(payload AttentionResolved) Order {
	total := o.Content.Total
	switch payload.Step {
	case ProcessPayment:
		o.Charge = o.charged(payload.Reference, total, o.Content.CaptureMode == CaptureOnShipment)
	case CapturePayment:
		o.Charge.Captured = o.Charge.Amount
	case CreateShipment:
		o.Shipment = Shipment{Reference: payload.Reference}
	}
	return o
}

// again makes the next try or look-up due at once.
func (c *CallStatus) again() { c.NotBefore, c.Failures, c.Lookups = time.Time{}, 0, 0 }

// shipped is the order after its carrier has said that the goods have left. If nothing else is undone yet, the order
// turns forward again, and whatever turned it round no longer counts.
func (o Order) shipped(payload OrderShipped, at time.Time) Order {
	o = o.heard(CreateShipment, true, "").change(CreateShipment, at, func(s *StepStatus) {
		s.State, s.Message = Succeeded, ""
		s.Undo.close()
	})
	o.Shipment.Dispatched, o.Shipment.Cancelled = true, false
	if o.Shipment.Reference == "" {
		o.Shipment.Reference = payload.Reference
	}
	if o.Outcome != "" || !o.Compensating || !o.allSteps(func(s *StepStatus) bool { return s.State != Undone }) {
		return o
	}
	o.Compensating, o.Reason, o.Message = false, "", ""
	o.CancellationRequested, o.DeadlineExceeded, o.Suspended = "", false, nil
	return o.changeAll(at, func(s *StepStatus) {
		if s.State == Skipped {
			s.State = Pending
		}
	})
}
