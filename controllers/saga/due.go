// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import "time"

// Forward reports whether the step may be taken now: the order is on its way forward, all earlier steps have
// succeeded, and this one is neither decided, nor under way, nor put off.
func (o Order) Forward(step string, now time.Time) bool {
	if !o.forward() || !o.unattended(step) {
		return false
	}
	for i := range o.Steps {
		s := &o.Steps[i]
		if s.Name == step {
			return s.open() && !s.Forward.InFlight && !s.Forward.Unknown && !now.Before(s.Forward.NotBefore)
		}
		if s.State != Succeeded {
			return false
		}
	}
	return false
}

// onWay reports whether the order has neither ended nor turned round. An order in a flow that this program does not know
// is left alone.
func (o Order) onWay() bool { return len(o.Steps) > 0 && o.Outcome == "" && !o.Compensating }

// forward reports whether the order may go forward.
func (o Order) forward() bool {
	return o.onWay() && !o.DeadlineExceeded && o.CancellationRequested == "" && o.Suspended == nil
}

// unattended reports whether no person is asked, or only about the step, which goes on by itself.
func (o Order) unattended(step string) bool {
	a := o.Attention
	return a == nil || !a.Undo && a.Step == step && !a.NotBefore.IsZero()
}

func (s *StepStatus) open() bool {
	return s.State == Pending || s.State == Running
}

// Undo reports whether the step's compensation may be taken now: the saga has turned round, the step succeeded,
// whatever came after it is undone or surely did not happen, and the compensation is neither done, nor under way, nor
// put off. It holds after the order's end too: a charge that comes to light then is refunded.
func (o Order) Undo(step string, now time.Time) bool {
	if !o.Compensating || o.Attention != nil && o.Attention.NotBefore.IsZero() {
		return false
	}
	for i := len(o.Steps) - 1; i >= 0; i-- {
		s := &o.Steps[i]
		if s.Name == step {
			return o.undoable(s) && !s.Undo.InFlight && !s.Undo.Unknown && !now.Before(s.Undo.NotBefore)
		}
		if s.toUndo() || s.Forward.Unsettled {
			return false
		}
	}
	return false
}

// toUndo reports whether the step has happened and is not undone.
func (s *StepStatus) toUndo() bool { return s.State == Succeeded || s.State == Undoing }

// undoable leaves out goods that have left.
func (o Order) undoable(s *StepStatus) bool {
	return s.toUndo() && (s.Name != CreateShipment || !o.Shipment.Dispatched)
}

// Close reports whether the step's call (or, with undo, its compensation's) must be looked up now, because its caller
// has not recorded an outcome in time, or because nobody knows the outcome, or because it won't be tried again. It is
// due in every state of the order.
func (o Order) Close(step string, undo bool, now time.Time) bool {
	s := o.Step(step)
	call := s.call(undo)
	if !call.Unsettled {
		return false
	}
	if call.InFlight {
		return !now.Before(call.Last.Deadline)
	}
	return (call.Unknown || !undo && !o.onWay()) && !now.Before(call.NotBefore)
}

// Completable reports whether every step has succeeded and the order may be completed.
func (o Order) Completable() bool {
	return o.forward() && o.Attention == nil && o.allSteps(func(s *StepStatus) bool { return s.State == Succeeded })
}

// Cancellable reports whether the saga has turned round and nothing is left of the order.
func (o Order) Cancellable() bool {
	return o.Compensating && o.Outcome == "" && o.Attention == nil && o.NothingLeft()
}

// NothingLeft reports whether no step has an effect that is not undone, nor a call that might still have one, and
// whether no money would be owed.
func (o Order) NothingLeft() bool {
	o.Compensating = true
	return o.Money().None() &&
		o.allSteps(func(s *StepStatus) bool { return !s.toUndo() && !s.Forward.Unsettled && !s.Undo.Unsettled })
}

// Stoppable reports whether the order may still be cancelled or suspended: it has neither ended nor turned round, and
// its goods have not left.
func (o Order) Stoppable() bool { return o.onWay() && !o.Shipment.Dispatched }

// Turn returns why the saga must turn round now, and false if it need not: a step was refused, the order's object is
// gone for too long, or the deadline has passed. Once the goods have left, it never turns round any more.
func (o Order) Turn(now time.Time) (CompensationStarted, bool) {
	if !o.Stoppable() || o.Completable() {
		return CompensationStarted{}, false
	}
	if step, refused := o.RefusedStep(); refused {
		return CompensationStarted{Step: step.Name, Reason: o.reasonOfRefusal(step.Name), Message: step.Message}, true
	}
	if o.CancellationRequested != "" {
		return Cancellation(o.CancellationRequested), true
	}
	if s := o.Suspended; s != nil && !s.CancelAt.IsZero() && !now.Before(s.CancelAt) {
		return Cancellation(ReasonOrderDeleted), true
	}
	if now.Before(o.Content.Deadline) {
		return CompensationStarted{}, false
	}
	return CompensationStarted{
		Reason:  ReasonDeadlineExceeded,
		Message: "The order was not completed by " + o.Content.Deadline.UTC().Format(time.RFC3339),
	}, true
}

// Cancellation is how the saga turns round for ReasonCancelledByUser or ReasonOrderDeleted.
func Cancellation(reason string) CompensationStarted {
	message := "The order was cancelled by its user"
	if reason == ReasonOrderDeleted {
		message = "The Order object was deleted"
	}
	return CompensationStarted{Reason: reason, Message: message}
}

// Unpaid returns the attention that is due because the goods have left, but the money was refused or is back already.
func (o Order) Unpaid() (AttentionRequired, bool) {
	if !o.Shipment.Dispatched || o.Attention != nil || o.Outcome == Completed {
		return AttentionRequired{}, false
	}
	if o.Compensating {
		return AttentionRequired{
			Step: CreateShipment, Undo: true, Reason: ReasonShippedUnpaid,
			Message: "The shipment had left before it was cancelled, and the money is given back",
		}, true
	}
	if o.Step(CapturePayment).State == Refused {
		return AttentionRequired{
			Step: CapturePayment, Reason: ReasonShippedUnpaid,
			Message: "The shipment has left, and the money was refused",
		}, true
	}
	return AttentionRequired{}, false
}

func (o Order) reasonOfRefusal(step string) string { return o.Flow().Step(step).Refused }

// RefusedStep returns the first step that was refused.
func (o Order) RefusedStep() (StepStatus, bool) {
	for _, s := range o.Steps {
		if s.State == Refused {
			return s, true
		}
	}
	return StepStatus{}, false
}

func (o Order) allSteps(holds func(*StepStatus) bool) bool {
	for i := range o.Steps {
		if !holds(&o.Steps[i]) {
			return false
		}
	}
	return len(o.Steps) > 0
}

// Next returns when the service should look at the order again if no event wakes it before: the earliest retry, look-up
// or end of a call among its steps, and for the order service the deadline and the end of a grace. The zero time means
// never.
func (o Order) Next(service Service, now time.Time) time.Time {
	flow := o.Flow()
	if flow == nil {
		return time.Time{}
	}
	var times []time.Time
	if service == OrderService && o.Stoppable() {
		times = append(times, o.Content.Deadline)
		if o.Suspended != nil {
			times = append(times, o.Suspended.CancelAt)
		}
	}
	for i := range o.Steps {
		if s := &o.Steps[i]; flow.Step(s.Name).Owner == service {
			times = append(times, s.Forward.wakes(), s.Undo.wakes())
		}
	}
	return earliestAfter(now, times)
}

// wakes returns when somebody has to look at the call: at its end while it is under way, later at its retry or look-up.
func (c CallStatus) wakes() time.Time {
	if c.InFlight {
		return c.Last.Deadline
	}
	return c.NotBefore
}

func earliestAfter(now time.Time, times []time.Time) time.Time {
	var earliest time.Time
	for _, at := range times {
		if at.After(now) && (earliest.IsZero() || at.Before(earliest)) {
			earliest = at
		}
	}
	return earliest
}
