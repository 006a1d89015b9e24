// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import "time"

// Forward reports whether the step may be taken now: the order is on its way forward, all earlier steps have
// succeeded, and this one is neither decided, nor under way, nor put off.
func (o Order) Forward(step string, now time.Time) bool {
	if !o.forward() {
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

// forward reports whether the order is on its way forward at all. An order in a flow that this program does not know
// is left alone.
func (o Order) forward() bool {
	return len(o.Steps) > 0 && o.Outcome == "" && !o.Compensating && !o.DeadlineExceeded && o.Attention == nil
}

func (s *StepStatus) open() bool {
	return s.State == Pending || s.State == Running
}

// Undo reports whether the step's compensation may be taken now: the saga has turned round, the step succeeded,
// whatever came after it is undone or surely did not happen, and the compensation is neither done, nor under way, nor
// put off. It holds after the order's end too: a charge that comes to light then is refunded.
func (o Order) Undo(step string, now time.Time) bool {
	if !o.Compensating || o.Attention != nil {
		return false
	}
	for i := len(o.Steps) - 1; i >= 0; i-- {
		s := &o.Steps[i]
		if s.Name == step {
			return s.toUndo() && !s.Undo.InFlight && !s.Undo.Unknown && !now.Before(s.Undo.NotBefore)
		}
		if s.toUndo() || s.Forward.Unsettled {
			return false
		}
	}
	return false
}

// toUndo reports whether the step has happened and is not undone.
func (s *StepStatus) toUndo() bool { return s.State == Succeeded || s.State == Undoing }

// Close reports whether the step's call (or, with undo, its compensation's) must be looked up now, because its caller
// has not recorded an outcome in time, or because nobody knows the outcome, or because it won't be tried again. It is
// due in every state of the order.
func (o Order) Close(step string, undo bool, now time.Time) bool {
	s := o.Step(step)
	call := s.Forward
	if undo {
		call = s.Undo
	}
	if !call.Unsettled {
		return false
	}
	if call.InFlight {
		return !now.Before(call.Last.Deadline)
	}
	return (call.Unknown || (!undo && !o.forward())) && !now.Before(call.NotBefore)
}

// Completable reports whether every step has succeeded and the order may be completed.
func (o Order) Completable() bool {
	return o.forward() && o.allSteps(func(s *StepStatus) bool { return s.State == Succeeded })
}

// Cancellable reports whether the saga has turned round and nothing is left of the order.
func (o Order) Cancellable() bool {
	return o.Compensating && o.Outcome == "" && o.Attention == nil && o.NothingLeft()
}

// NothingLeft reports whether no step has an effect that is not undone, nor a call that might still have one.
func (o Order) NothingLeft() bool {
	return o.allSteps(func(s *StepStatus) bool { return !s.toUndo() && !s.Forward.Unsettled })
}

// Turn returns why the saga must turn round now, and false if it need not: a step was refused, or the deadline has
// passed.
func (o Order) Turn(now time.Time) (CompensationStarted, bool) {
	if !o.forward() || o.Completable() {
		return CompensationStarted{}, false
	}
	if step, refused := o.RefusedStep(); refused {
		return CompensationStarted{Step: step.Name, Reason: o.reasonOfRefusal(step.Name), Message: step.Message}, true
	}
	if now.Before(o.Content.Deadline) {
		return CompensationStarted{}, false
	}
	return CompensationStarted{
		Reason:  ReasonDeadlineExceeded,
		Message: "The order was not completed by " + o.Content.Deadline.UTC().Format(time.RFC3339),
	}, true
}

func (o Order) reasonOfRefusal(step string) string {
	flow := o.Flow()
	return flow.Steps[flow.Index(step)].Refused
}

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
// or end of a call among its steps, and for the order service the deadline. The zero time means never.
func (o Order) Next(service Service, now time.Time) time.Time {
	flow := o.Flow()
	if flow == nil {
		return time.Time{}
	}
	var times []time.Time
	if service == OrderService && o.forward() {
		times = append(times, o.Content.Deadline)
	}
	for i := range o.Steps {
		if flow.Steps[i].Owner == service {
			times = append(times, o.Steps[i].Forward.wakes(), o.Steps[i].Undo.wakes())
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
