// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// applyToStep folds the events that belong to one step.
func (o Order) applyToStep(event *eventcore.Event) Order {
	switch payload := event.Payload.(type) {
	case StockReserved:
		return o.change(ReserveStock, event.RecordedAt, succeeded)
	case StockReservationFailed:
		return o.change(ReserveStock, event.RecordedAt, refused(shortages(payload.Shortages)))
	case StockReservationReleased:
		return o.change(ReserveStock, event.RecordedAt, undone)
	case StepWaiting:
		return o.change(payload.Step, event.RecordedAt, func(s *StepStatus) { s.Waiting = &payload })
	case StepRetryScheduled:
		return o.change(payload.Step, event.RecordedAt, retryScheduled(payload, o.Compensating))
	case OutcomeUnknown:
		return o.change(payload.Step, event.RecordedAt, outcomeUnknown(payload))
	}
	return o.applyToPayment(event)
}

func (o Order) applyToPayment(event *eventcore.Event) Order {
	switch payload := event.Payload.(type) {
	case PaymentRequested:
		return o.change(ProcessPayment, event.RecordedAt, requested(payload.Call))
	case PaymentProcessed:
		o.Charge = Charge{Reference: payload.Reference, Amount: payload.Amount}
		return o.change(ProcessPayment, event.RecordedAt, succeeded)
	case PaymentFailed:
		return o.change(ProcessPayment, event.RecordedAt, refused(explain(payload.Code, payload.Message)))
	case RefundRequested:
		return o.change(ProcessPayment, event.RecordedAt, undoRequested(payload.Call))
	case PaymentRefunded:
		o.Refunded.Minor += payload.Amount.Minor
		return o.change(ProcessPayment, event.RecordedAt, undone)
	}
	return o.applyToShipment(event)
}

func (o Order) applyToShipment(event *eventcore.Event) Order {
	switch payload := event.Payload.(type) {
	case ShipmentRequested:
		return o.change(CreateShipment, event.RecordedAt, requested(payload.Call))
	case ShipmentCreated:
		o.Shipment = Shipment{Reference: payload.Reference, TrackingNumber: payload.TrackingNumber}
		return o.change(CreateShipment, event.RecordedAt, succeeded)
	case ShipmentFailed:
		return o.change(CreateShipment, event.RecordedAt, refused(explain(payload.Code, payload.Message)))
	case ShipmentCancelRequested:
		return o.change(CreateShipment, event.RecordedAt, undoRequested(payload.Call))
	case ShipmentCancelled:
		o.Shipment.Cancelled = true
		return o.change(CreateShipment, event.RecordedAt, undone)
	}
	return o
}

// change returns the order with one step changed; Since moves if its state does.
func (o Order) change(name string, at time.Time, change func(*StepStatus)) Order {
	i := slices.IndexFunc(o.Steps, func(s StepStatus) bool { return s.Name == name })
	if i < 0 {
		return o
	}
	o.Steps = slices.Clone(o.Steps)
	step := &o.Steps[i]
	before := step.State
	change(step)
	if step.State != before {
		step.Since = at
	}
	return o
}

func succeeded(s *StepStatus) {
	s.State, s.Message, s.Waiting = Succeeded, "", nil
	s.Forward.settle()
}

func refused(message string) func(*StepStatus) {
	return func(s *StepStatus) {
		s.State, s.Message, s.Waiting = Refused, message, nil
		s.Forward.settle()
	}
}

func undone(s *StepStatus) {
	s.State, s.Message = Undone, ""
	s.Undo.settle()
}

func requested(call Call) func(*StepStatus) {
	return func(s *StepStatus) {
		s.State, s.Message, s.Waiting = Running, "", nil
		s.Forward.request(call)
	}
}

func undoRequested(call Call) func(*StepStatus) {
	return func(s *StepStatus) {
		s.State, s.Message, s.Waiting = Undoing, "", nil
		s.Undo.request(call)
	}
}

func retryScheduled(payload StepRetryScheduled, compensating bool) func(*StepStatus) {
	return func(s *StepStatus) {
		call := &s.Forward
		if payload.Undo {
			call = &s.Undo
		} else {
			s.State = Running
		}
		call.InFlight, call.Unknown, call.NotBefore = false, false, payload.NotBefore
		if payload.Fenced {
			call.Unsettled = false
			call.Generation = payload.Generation + 1
			call.Last = Call{}
			if !payload.Undo {
				s.State = notHappened(compensating)
			}
		}
		s.Message = payload.Message
	}
}

// notHappened is the state of a step whose call was fenced: it is tried again only by an order that goes forward.
func notHappened(compensating bool) StepState {
	if compensating {
		return Skipped
	}
	return Pending
}

func outcomeUnknown(payload OutcomeUnknown) func(*StepStatus) {
	return func(s *StepStatus) {
		call := &s.Forward
		if payload.Undo {
			call = &s.Undo
		} else {
			s.State = Unknown
		}
		call.InFlight, call.Unknown, call.NotBefore = false, true, payload.NotBefore
		call.Lookups++
		s.Message = payload.Message
	}
}

// attention ends the call that a person has to decide about.
func attention(payload AttentionRequired) func(*StepStatus) {
	return func(s *StepStatus) {
		call := &s.Forward
		if payload.Undo {
			call = &s.Undo
		}
		call.settle()
		s.Message = payload.Message
	}
}

func (c *CallStatus) request(call Call) {
	c.Last, c.Generation = call, call.Generation
	c.Tries++
	c.Lookups = 0
	c.Unsettled, c.InFlight, c.Unknown, c.NotBefore = true, true, false, time.Time{}
}

func (c *CallStatus) settle() {
	c.Unsettled, c.InFlight, c.Unknown, c.NotBefore = false, false, false, time.Time{}
}

func shortages(list []Shortage) string {
	parts := make([]string, 0, len(list))
	for _, s := range list {
		parts = append(parts, fmt.Sprintf("%s: %d ordered, %d available", s.Product, s.Requested, s.Available))
	}
	return strings.Join(parts, "; ")
}

func explain(code, message string) string {
	if message == "" {
		return code
	}
	return message + " (" + code + ")"
}
