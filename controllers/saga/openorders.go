// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// OpenOrder is a row of the projection of open orders.
type OpenOrder struct {
	// Since is when the order was created.
	Since time.Time `json:"since"`
	// Next is when a call ends or a retry is due, zero if the order waits for events only.
	Next time.Time `json:"next,omitzero"`
	// Waiting is what the order can't go on without.
	Waiting *StepWaiting `json:"waiting,omitzero"`
	// Ended says that the order is here only because Late charges and shipments, which came to light after its end,
	// are still to be undone.
	Ended bool `json:"ended,omitzero"`
	Late  int  `json:"late,omitzero"`
}

// OpenOrders is the projection of the orders that have not ended, by OrderID.String: what a starting process has to
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
	if _, created := event.Payload.(OrderCreated); !known && !created {
		row.Ended = true
	}
	if !known {
		row.Since = event.RecordedAt
	}
	row.apply(event.Payload)
	if row.Ended && row.Late <= 0 {
		documents.Delete(id.String())
		return nil
	}
	return documents.Put(id.String(), row)
}

func (row *OpenOrder) apply(payload any) {
	if _, attached := payload.(OrderAttached); attached {
		return // it changes nothing that the order does
	}
	row.Waiting, row.Next = nil, nextOf(payload)
	switch payload := payload.(type) {
	case OrderCancelled, OrderCompleted:
		row.Ended = true
	case StepWaiting:
		row.Waiting = &payload
	case PaymentProcessed, ShipmentCreated:
		if row.Ended {
			row.Late++
		}
	case PaymentRefunded, ShipmentCancelled:
		if row.Ended {
			row.Late--
		}
	}
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
