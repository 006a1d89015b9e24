// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"fmt"
	"slices"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// Outcome is how an order ended, empty while it is open.
type Outcome string

// The outcomes.
const (
	Completed Outcome = "Completed"
	Cancelled Outcome = "Cancelled"
)

// StepState is where a step stands.
type StepState string

// The states of a step.
const (
	Pending   StepState = "Pending"
	Running   StepState = "Running"
	Succeeded StepState = "Succeeded"
	Refused   StepState = "Refused"
	Unknown   StepState = "Unknown"
	Undoing   StepState = "Undoing"
	Undone    StepState = "Undone"
	// Skipped is a step that the order never came to.
	Skipped StepState = "Skipped"
)

// Order is the fold of an order's stream. It is a value: nothing that it refers to may be changed.
type Order struct {
	// ID is known once there is an event.
	ID OrderID
	// Content is what the last OrderCreated froze; its UID is empty before.
	Content OrderCreated
	// UIDs are those of all Order objects that were accepted for this attempt of the order.
	UIDs []string
	// Steps are those of the flow, in its order.
	Steps []StepStatus
	// Earlier are the calls of earlier attempts that succeeded: whoever learns of one late learns nothing new.
	Earlier []Success

	DeadlineExceeded bool
	// CancellationRequested is the reason why somebody wants the order cancelled, empty if nobody does.
	CancellationRequested string
	// Suspended is set while the forward way is stopped.
	Suspended *Suspension
	// Compensating is set when the saga has turned round; Reason and Message tell why.
	Compensating bool
	Reason       string
	Message      string
	// Attention is set when a person has to decide. An order that has ended may need it too.
	Attention *Attention
	// Resolved is the position of the attention that a person has decided last.
	Resolved eventcore.Position

	Charge   Charge
	Refunded Money
	// Refunds are the providers' ids of the refunds that Refunded counts.
	Refunds  []string
	Shipment Shipment

	Outcome    Outcome
	CreatedAt  time.Time
	FinishedAt time.Time
	// Position is that of the last event.
	Position eventcore.Position
	// TraceContext is that of the attempt's OrderCreated: all that is done for the order belongs to one trace.
	TraceContext string
}

// StepStatus is one step of an order.
type StepStatus struct {
	Name  string
	State StepState
	// Since is the time of the event that brought the state.
	Since   time.Time
	Message string
	// Harmless is set for a step that leaves nothing to undo.
	Harmless bool
	// Waiting is set while something that the step needs is not there.
	Waiting *StepWaiting
	// Prepared is the provider's id of what was prepared for the generation that is under way.
	Prepared string
	// Forward and Undo are the calls of the step and of its compensation.
	Forward CallStatus
	Undo    CallStatus
}

// CallStatus is where a step's call to its provider stands.
type CallStatus struct {
	// Last is the last try's Call.
	Last Call
	// Tries counts the tries of all generations, Failures those in a row that failed without an effect, and Lookups how
	// often in vain the last one was looked up.
	Tries    int
	Failures int
	Lookups  int
	// Unsettled is set from the first intent of a generation until it is answered or fenced.
	Unsettled bool
	// InFlight is set from an intent until its try has ended in any way.
	InFlight bool
	// Unknown is set while nobody knows whether the call happened.
	Unknown bool
	// Doubted is set while a call is looked up that nobody may ever have made: see CallDoubted.
	Doubted bool
	// Generation is the one of the next intent.
	Generation int
	// Succeeded is the last generation that has succeeded.
	Succeeded int
	// NotBefore is when the next try, or the next look-up, is due.
	NotBefore time.Time
}

// Success names the generation of a call that has succeeded.
type Success struct {
	Attempt    int
	Step       string
	Undo       bool
	Generation int
}

// Suspension is why an order does not go on.
type Suspension struct {
	Reason string
	// CancelAt is when the order is cancelled unless it is resumed before; zero for never.
	CancelAt time.Time
}

// Attention is what a person has to decide.
type Attention struct {
	Step    string
	Undo    bool
	Reason  string
	Message string
	// NotBefore is when the operator goes on by itself; zero if it does not.
	NotBefore time.Time
	// Since is when it was required first.
	Since    time.Time
	Position eventcore.Position
}

// Shipment is what the carrier was given.
type Shipment struct {
	Reference      string
	TrackingNumber string
	Cancelled      bool
	// Dispatched says that the carrier has refused to cancel it because it has left.
	Dispatched bool
}

// Created reports whether the order exists.
func (o Order) Created() bool { return o.Content.UID != "" }

// Settled implements eventcore.Settler: an order that has ended, with nothing left to decide or to give back, is looked
// at no more, as a rule.
func (o Order) Settled() bool { return o.Outcome != "" && o.Attention == nil && o.Money().None() }

// Flow returns the flow that the order is in, nil if it is not created or if this program does not know its flow.
func (o Order) Flow() *Flow {
	flow, _ := FlowOf(o.Content.FlowVersion)
	return flow
}

// Accepted reports whether the Order object with the UID belongs to this order.
func (o Order) Accepted(uid string) bool { return slices.Contains(o.UIDs, uid) }

// Step returns the status of the named step; a step that the order does not have is Skipped.
func (o Order) Step(name string) StepStatus {
	i := slices.IndexFunc(o.Steps, func(s StepStatus) bool { return s.Name == name })
	if i < 0 {
		return StepStatus{Name: name, State: Skipped}
	}
	return o.Steps[i]
}

// Apply implements eventcore.State for an order's stream.
func (o Order) Apply(stream eventcore.StreamID, event *eventcore.Event) Order {
	id, ok := ParseOrderStream(stream)
	if !ok {
		return o
	}
	o.ID = id
	o.Position = event.Position
	if !KeepsWaiting(event.Payload) {
		o = o.clearWaiting()
	}
	switch payload := event.Payload.(type) {
	case OrderCreated:
		return o.created(payload, event)
	case OrderAttached:
		o.UIDs = append(slices.Clip(o.UIDs), payload.UID)
	case DeadlineExceeded:
		o.DeadlineExceeded = true
	case CompensationStarted:
		o.Compensating, o.Reason, o.Message = true, payload.Reason, payload.Message
		return o.skipPending(event.RecordedAt)
	case OrderCancelled:
		o.Outcome, o.FinishedAt = Cancelled, event.RecordedAt
		o.Reason, o.Message = payload.Reason, payload.Message
		o.Suspended = nil
	case OrderCompleted:
		o.Outcome, o.FinishedAt = Completed, event.RecordedAt
	default:
		return o.applyVerb(event)
	}
	return o
}

// successes are the calls of the attempt that succeeded last.
func (o Order) successes() (successes []Success) {
	for i := range o.Steps {
		for _, undo := range []bool{false, true} {
			if generation := o.Steps[i].call(undo).Succeeded; generation > 0 {
				successes = append(successes, Success{o.Content.Attempt, o.Steps[i].Name, undo, generation})
			}
		}
	}
	return successes
}

// Recorded reports whether the order knows that the call has succeeded.
func (o Order) Recorded(success Success) bool {
	return slices.Contains(o.Earlier, success) || slices.Contains(o.successes(), success)
}

// created begins an attempt, with nothing of the one before: that had left nothing.
func (o Order) created(payload OrderCreated, event *eventcore.Event) Order {
	at := event.RecordedAt
	none := Money{Currency: payload.Total.Currency}
	order := Order{
		ID: o.ID, Position: o.Position, Content: payload, UIDs: []string{payload.UID}, CreatedAt: at,
		Refunded: none, Charge: Charge{Amount: none, Captured: none}, TraceContext: event.Metadata.TraceContext,
		Earlier: append(slices.Clip(o.Earlier), o.successes()...),
	}
	flow, known := FlowOf(payload.FlowVersion)
	if !known {
		return order
	}
	for _, step := range flow.StepsOf(payload.CaptureMode) {
		order.Steps = append(order.Steps, StepStatus{
			Name: step.Name, State: Pending, Since: at, Harmless: step.Compensation == "",
			Forward: CallStatus{Generation: 1}, Undo: CallStatus{Generation: 1},
		})
	}
	return order
}

// skipPending marks the steps that the order won't come to any more.
func (o Order) skipPending(at time.Time) Order {
	return o.changeAll(at, func(s *StepStatus) {
		if s.open() && !s.Forward.Unsettled {
			s.State, s.Prepared = Skipped, ""
			s.Forward.settle()
		}
	})
}

// KeepsWaiting reports whether an order that waited for something before the event still does.
func KeepsWaiting(payload any) bool {
	switch payload.(type) {
	case OrderAttached, OrderSuspended, OrderResumed, AttentionRequired, StepWaiting:
		return true
	}
	return false
}

func (o Order) clearWaiting() Order {
	if !slices.ContainsFunc(o.Steps, func(s StepStatus) bool { return s.Waiting != nil }) {
		return o
	}
	return o.changeAll(time.Time{}, func(s *StepStatus) { s.Waiting = nil })
}

// CorrelationID is shared by all events and provider calls of an order: the store's id, the order and its attempt.
func CorrelationID(store string, order Order) string {
	return fmt.Sprintf("%s/%s/%d", store, order.ID, order.Content.Attempt)
}
