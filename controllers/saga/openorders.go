// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// OpenOrder is a row of the projection of open orders.
type OpenOrder struct {
	// Since is when the order was created.
	Since time.Time `json:"since"`
	// Attempt is that of the order, and TraceContext that of the event which created it.
	Attempt      int    `json:"attempt,omitzero"`
	TraceContext string `json:"traceContext,omitzero"`
	// Next is when a call ends, a retry is due or a grace ends, as the last event says; zero if the order waits for events
	// or its deadline only.
	Next time.Time `json:"next,omitzero"`
	// Waiting is what the order can't go on without.
	Waiting *StepWaiting `json:"waiting,omitzero"`
	// Attention is what a person has to decide.
	Attention *AttentionRequired `json:"attention,omitzero"`
	// Ended says that the order is here only because of its Attention or of Late, the steps whose effects came to light
	// after its end and are still to be undone.
	Ended bool     `json:"ended,omitzero"`
	Late  []string `json:"lateSteps,omitzero"`
}

// OpenOrders is the projection of the orders that have not ended, or need a person, by OrderID.String: what a starting process has to
// look at, without reading history, and which orders an object's arrival wakes.
// It changes with orders only, but is shown the supply of products too: whoever observes its events learns of all that
// makes an order go on.
func OpenOrders() eventcore.Projection {
	return eventcore.Projection{
		Name:   "open-orders",
		Filter: eventcore.Filter{Prefixes: []string{orderPrefix, productPrefix}},
		Apply:  applyOpenOrder,
	}
}

func applyOpenOrder(documents *eventcore.Documents, event *eventcore.Event) error {
	id, ok := OrderOf(event)
	if !ok {
		return nil
	}
	var row OpenOrder
	known, err := documents.Get(id.String(), &row)
	if err != nil {
		return err
	}
	if content, created := event.Payload.(OrderCreated); created || !known {
		row = OpenOrder{
			Since: event.RecordedAt, Attempt: content.Attempt, TraceContext: event.Metadata.TraceContext, Ended: !created,
		}
	}
	row.apply(event.Payload)
	if row.Ended && len(row.Late) == 0 && row.Attention == nil {
		documents.Delete(id.String())
		return nil
	}
	return documents.Put(id.String(), row)
}

func (row *OpenOrder) apply(payload any) {
	if _, attached := payload.(OrderAttached); attached {
		return // it changes nothing that the order does
	}
	if !KeepsWaiting(payload) {
		row.Waiting = nil
	}
	row.Next = nextOf(payload)
	row.asks(payload)
	switch payload := payload.(type) {
	case OrderCancelled, OrderCompleted:
		row.Ended = true
	case StepWaiting:
		row.Waiting = &payload
	}
	if row.Ended {
		row.late(payload)
	}
}

// late follows what came to light after the end, until it is undone.
func (row *OpenOrder) late(payload any) {
	switch payload := payload.(type) {
	case PaymentProcessed:
		row.found(ProcessPayment)
	case PaymentCaptured:
		row.found(CapturePayment)
	case ShipmentCreated, OrderShipped:
		row.found(CreateShipment)
	case PaymentVoided, PaymentRefunded:
		row.gone(ProcessPayment, CapturePayment)
	case ShipmentCancelled:
		row.gone(CreateShipment)
	case AttentionResolved:
		row.decided(payload)
	case StepEvent:
		row.lateStep(payload.StepChange())
	}
}

// lateStep is late for an event that this package does not know.
func (row *OpenOrder) lateStep(change StepChange) {
	switch {
	case change.Result != StepSucceeded:
	case change.Undo:
		row.gone(change.Step)
	case leavesSomething(change.Step):
		row.found(change.Step)
	}
}

// decided follows a person, who has undone something by hand.
func (row *OpenOrder) decided(payload AttentionResolved) {
	switch {
	case !payload.Undo || payload.Action == ResolveRetry:
	case payload.Step == ProcessPayment, payload.Step == CapturePayment:
		row.gone(ProcessPayment, CapturePayment)
	default:
		row.gone(payload.Step)
	}
}

func (row *OpenOrder) found(step string) {
	if !slices.Contains(row.Late, step) {
		row.Late = append(row.Late, step)
	}
}

func (row *OpenOrder) gone(steps ...string) {
	row.Late = slices.DeleteFunc(row.Late, func(step string) bool { return slices.Contains(steps, step) })
}

// nextOf returns the time that an event puts its step off to.
func nextOf(payload any) time.Time {
	if call, ok := CallOf(payload); ok {
		return call.Deadline
	}
	switch payload := payload.(type) {
	case StepRetryScheduled:
		return payload.NotBefore
	case OutcomeUnknown:
		return payload.NotBefore
	case AttentionRequired:
		return payload.NotBefore
	case OrderSuspended:
		return payload.CancelAt
	}
	return time.Time{}
}

// ListOpenOrders decodes the documents of the projection: see eventcore.Projector.Documents.
func ListOpenOrders(documents iter.Seq2[string, []byte]) (map[OrderID]OpenOrder, error) {
	orders := map[OrderID]OpenOrder{}
	for key, value := range documents {
		namespace, name, _ := strings.Cut(key, "/")
		var row OpenOrder
		if err := json.Unmarshal(value, &row); err != nil {
			return nil, fmt.Errorf("open order %s: %w", key, err)
		}
		orders[OrderID{Namespace: namespace, Name: name}] = row
	}
	return orders, nil
}
