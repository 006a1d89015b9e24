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
	// Content is what OrderCreated froze; its UID is empty before.
	Content OrderCreated
	// UIDs are those of all Order objects that were accepted for this order.
	UIDs []string
	// Steps are those of the flow, in its order.
	Steps []StepStatus

	DeadlineExceeded bool
	// Compensating is set when the saga has turned round; Reason and Message tell why.
	Compensating bool
	Reason       string
	Message      string
	// Attention is set when a person has to decide.
	Attention *Attention

	Charge   Charge
	Refunded Money
	Shipment Shipment

	Outcome    Outcome
	CreatedAt  time.Time
	FinishedAt time.Time
	// Position is that of the last event.
	Position eventcore.Position
}

// StepStatus is one step of an order.
type StepStatus struct {
	Name  string
	State StepState
	// Since is the time of the event that brought the state.
	Since   time.Time
	Message string
	// Waiting is set while something that the step needs is not there.
	Waiting *StepWaiting
	// Forward and Undo are the calls of the step and of its compensation.
	Forward CallStatus
	Undo    CallStatus
}

// CallStatus is where a step's call to its provider stands.
type CallStatus struct {
	// Last is the last try's Call.
	Last Call
	// Tries counts the tries of all generations, Lookups how often in vain the last one was looked up.
	Tries   int
	Lookups int
	// Unsettled is set from the first intent of a generation until it is answered or fenced.
	Unsettled bool
	// InFlight is set from an intent until its try has ended in any way.
	InFlight bool
	// Unknown is set while nobody knows whether the call happened.
	Unknown bool
	// Generation is the one of the next intent.
	Generation int
	// NotBefore is when the next try, or the next look-up, is due.
	NotBefore time.Time
}

// Attention is what a person has to decide.
type Attention struct {
	Step     string
	Reason   string
	Message  string
	Position eventcore.Position
}

// Charge is the money that was taken.
type Charge struct {
	Reference string
	Amount    Money
}

// Shipment is what the carrier was given.
type Shipment struct {
	Reference      string
	TrackingNumber string
	Cancelled      bool
}

// Created reports whether the order exists.
func (o Order) Created() bool { return o.Content.UID != "" }

// Flow returns the flow that the order is in, nil if it is not created or if this program does not know its flow.
func (o Order) Flow() *Flow {
	flow, _ := FlowOf(o.Content.FlowVersion)
	return flow
}

// Accepted reports whether the Order object with the UID belongs to this order.
func (o Order) Accepted(uid string) bool { return slices.Contains(o.UIDs, uid) }

// Step returns the status of the named step; a step that the order's flow does not have is Skipped.
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
	switch payload := event.Payload.(type) {
	case OrderCreated:
		return o.created(payload, event.RecordedAt)
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
	case OrderCompleted:
		o.Outcome, o.FinishedAt = Completed, event.RecordedAt
	case AttentionRequired:
		o.Attention = &Attention{
			Step: payload.Step, Reason: payload.Reason, Message: payload.Message, Position: event.Position,
		}
		return o.change(payload.Step, event.RecordedAt, attention(payload))
	default:
		return o.applyToStep(event)
	}
	return o
}

func (o Order) created(payload OrderCreated, at time.Time) Order {
	o.Content = payload
	o.UIDs = []string{payload.UID}
	o.CreatedAt = at
	o.Refunded = Money{Currency: payload.Total.Currency}
	o.Charge.Amount = Money{Currency: payload.Total.Currency}
	flow, known := FlowOf(payload.FlowVersion)
	if !known {
		return o
	}
	o.Steps = make([]StepStatus, len(flow.Steps))
	for i, step := range flow.Steps {
		o.Steps[i] = StepStatus{
			Name: step.Name, State: Pending, Since: at,
			Forward: CallStatus{Generation: 1}, Undo: CallStatus{Generation: 1},
		}
	}
	return o
}

// skipPending marks the steps that the order won't come to any more.
func (o Order) skipPending(at time.Time) Order {
	o.Steps = slices.Clone(o.Steps)
	for i := range o.Steps {
		if step := &o.Steps[i]; step.State == Pending && !step.Forward.Unsettled {
			step.State, step.Since, step.Waiting = Skipped, at, nil
		}
	}
	return o
}

// CorrelationID is shared by all events and provider calls of an order: the store's id, the order and its attempt.
func CorrelationID(store string, order Order) string {
	return fmt.Sprintf("%s/%s/%d", store, order.ID, order.Content.Attempt)
}
