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
	at := event.RecordedAt
	switch payload := event.Payload.(type) {
	case StockReserved:
		return o.change(ReserveStock, at, succeeded(0))
	case StockReservationFailed:
		return o.change(ReserveStock, at, refused(shortages(payload.Shortages)))
	case StockReservationReleased:
		return o.change(ReserveStock, at, undone)
	case StepWaiting:
		return o.change(payload.Step, at, func(s *StepStatus) { s.Waiting = &payload })
	case StepRetryScheduled:
		if payload.Fenced {
			o = o.heard(payload.Step, payload.Undo, ReasonOutcomeUnknown)
		}
		return o.change(payload.Step, at, retryScheduled(payload, o.Compensating))
	case OutcomeUnknown:
		return o.change(payload.Step, at, outcomeUnknown(payload))
	case CallDoubted:
		return o.doubted(payload, at)
	}
	return o.applyToPayment(event)
}

func (o Order) applyToShipment(event *eventcore.Event) Order {
	at := event.RecordedAt
	switch payload := event.Payload.(type) {
	case ShipmentRequested:
		return o.change(CreateShipment, at, requested(payload.Call, ""))
	case ShipmentCreated:
		o.Shipment = Shipment{Reference: payload.Reference, TrackingNumber: payload.TrackingNumber}
		return o.heard(CreateShipment, false, "").change(CreateShipment, at, succeeded(payload.Generation))
	case ShipmentFailed:
		return o.heard(CreateShipment, false, "").
			change(CreateShipment, at, refused(explain(payload.Code, payload.Message)))
	case ShipmentCancelRequested:
		return o.change(CreateShipment, at, undoRequested(payload.Call))
	case ShipmentCancelled:
		return o.heard(CreateShipment, true, "").undoneByCall(CreateShipment, payload.Generation, at)
	case OrderShipped:
		return o.shipped(payload, at)
	}
	return o.applyStepEvent(event)
}

// undoneByCall is the order after the compensation has succeeded.
func (o Order) undoneByCall(name string, generation int, at time.Time) Order {
	return o.forgetEffect(name).change(name, at, func(s *StepStatus) {
		undone(s)
		s.Undo.Succeeded = generation
	})
}

// forgetEffect notes that what the step did is undone.
func (o Order) forgetEffect(name string) Order {
	if name == CreateShipment {
		o.Shipment.Cancelled, o.Shipment.Dispatched = true, false
	}
	return o
}

// change returns the order with one step changed; Since moves if its state does.
func (o Order) change(name string, at time.Time, change func(*StepStatus)) Order {
	return o.changeAll(at, func(s *StepStatus) {
		if s.Name == name {
			change(s)
		}
	})
}

func (o Order) changeAll(at time.Time, change func(*StepStatus)) Order {
	o.Steps = slices.Clone(o.Steps)
	for i := range o.Steps {
		step := &o.Steps[i]
		before := step.State
		change(step)
		if step.State != before {
			step.Since = at
		}
	}
	return o
}

func succeeded(generation int) func(*StepStatus) {
	return func(s *StepStatus) {
		s.State, s.Message = Succeeded, ""
		s.Forward.settle()
		s.Forward.Succeeded = generation
	}
}

func refused(message string) func(*StepStatus) {
	return func(s *StepStatus) {
		s.State, s.Message = Refused, message
		s.Forward.settle()
	}
}

func undone(s *StepStatus) {
	s.State, s.Message = Undone, ""
	s.Undo.close()
}

func requested(call Call, prepared string) func(*StepStatus) {
	return func(s *StepStatus) {
		s.State, s.Message, s.Prepared = Running, "", prepared
		s.Forward.request(call)
	}
}

func undoRequested(call Call) func(*StepStatus) {
	return func(s *StepStatus) {
		s.State, s.Message = Undoing, ""
		s.Undo.request(call)
	}
}

func retryScheduled(payload StepRetryScheduled, compensating bool) func(*StepStatus) {
	return func(s *StepStatus) {
		call := s.call(payload.Undo)
		call.InFlight, call.Unknown, call.NotBefore = false, false, payload.NotBefore
		if !payload.Undo {
			s.State = Running
		}
		failures := call.Failures + 1
		if payload.Fenced {
			call.close()
			call.Generation, call.NotBefore = payload.Generation+1, payload.NotBefore
			s.didNotHappen(payload.Undo, compensating)
		}
		call.Failures = failures
		s.Message = payload.Message
	}
}

// didNotHappen is the state of a step whose call was fenced: it is tried again only by an order that goes forward.
func (s *StepStatus) didNotHappen(undo, compensating bool) {
	switch {
	case undo:
	case compensating:
		s.State, s.Prepared = Skipped, ""
	default:
		s.State, s.Prepared = Pending, ""
	}
}

func outcomeUnknown(payload OutcomeUnknown) func(*StepStatus) {
	return func(s *StepStatus) {
		if !payload.Undo {
			s.State = Unknown
		}
		call := s.call(payload.Undo)
		call.InFlight, call.Unknown, call.NotBefore = false, true, payload.NotBefore
		call.Lookups++
		s.Message = payload.Message
	}
}

func (s *StepStatus) call(undo bool) *CallStatus {
	if undo {
		return &s.Undo
	}
	return &s.Forward
}

func (c *CallStatus) request(call Call) {
	c.Last, c.Generation = call, call.Generation
	c.Tries++
	c.Lookups = 0
	c.Unsettled, c.InFlight, c.Unknown, c.Doubted, c.NotBefore = true, true, false, false, time.Time{}
}

func (c *CallStatus) settle() {
	c.Unsettled, c.InFlight, c.Unknown, c.Doubted, c.NotBefore = false, false, false, false, time.Time{}
	c.Failures, c.Lookups = 0, 0
}

// close settles the generation and begins the next one, with a key of its own.
func (c *CallStatus) close() {
	c.settle()
	c.Generation = max(c.Generation, c.Last.Generation) + 1
	c.Last = Call{}
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
