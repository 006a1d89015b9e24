// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// tell says in plain words what an event means. An empty text is an event that a person need not see.
func tell(event *eventcore.Event) (text string, c colour) {
	switch payload := event.Payload.(type) {
	case saga.OrderCreated:
		return fmt.Sprintf("ordered: %s for %s", items(payload.Lines), money(payload.Total)), plain
	case saga.OrderAttached:
		return "the same order as before: joined to its history", plain
	case saga.CompensationStarted:
		return "turns round: what was done is undone", yellow
	case saga.DeadlineExceeded:
		return "has taken too long", yellow
	case saga.AttentionRequired:
		return "needs a person: " + payload.Message, red
	case saga.StockReserved:
		return "stock reserved", plain
	case saga.StockReservationFailed:
		return "not enough in stock", yellow
	case saga.StockReservationReleased:
		return "stock released", plain
	}
	return tellCall(event)
}

// tellCall is tell for calls to providers.
func tellCall(event *eventcore.Event) (text string, c colour) {
	switch payload := event.Payload.(type) {
	case saga.StepWaiting:
		return "waits for " + payload.Name, yellow
	case saga.StepRetryScheduled:
		return fmt.Sprintf("no luck (%s): again in %s", lower(payload.Message), until(event, payload.NotBefore)), yellow
	case saga.OutcomeUnknown:
		return "no answer: asks what became of the call", yellow
	case saga.OrderCompleted:
		return "released to the carrier", plain
	case saga.OrderCancelled:
		return "nothing is left to undo", plain
	}
	if text, c := tellPayment(event); text != "" {
		return text, c
	}
	return tellShipment(event)
}

func tellPayment(event *eventcore.Event) (text string, c colour) {
	switch payload := event.Payload.(type) {
	case saga.PaymentRequested:
		return again("asks the gateway for "+money(payload.Amount), payload.Call), plain
	case saga.PaymentProcessed:
		return "paid: " + money(payload.Amount), plain
	case saga.PaymentFailed:
		return "payment refused: " + payload.Message, yellow
	case saga.RefundRequested:
		return again("asks the gateway to give the money back", payload.Call), plain
	case saga.PaymentRefunded:
		return "refunded: " + money(payload.Amount), plain
	}
	return "", plain
}

func tellShipment(event *eventcore.Event) (text string, c colour) {
	switch payload := event.Payload.(type) {
	case saga.ShipmentRequested:
		return again("asks the carrier for a shipment", payload.Call), plain
	case saga.ShipmentCreated:
		return "shipment ready: " + payload.TrackingNumber, plain
	case saga.ShipmentFailed:
		return "shipment refused: " + payload.Message, yellow
	case saga.ShipmentCancelRequested:
		return again("asks the carrier to cancel the shipment", payload.Call), plain
	case saga.ShipmentCancelled:
		return "shipment cancelled", plain
	}
	return "", plain
}

func again(text string, call saga.Call) string {
	if call.Try > 1 || call.Generation > 1 {
		return text + " once more"
	}
	return text
}

func items(lines []saga.Line) string {
	parts := make([]string, 0, len(lines))
	for _, line := range lines {
		parts = append(parts, fmt.Sprintf("%d %s", line.Quantity, line.Product))
	}
	return strings.Join(parts, " and ")
}

func money(m saga.Money) string { return m.String() + " " + m.Currency }

func until(event *eventcore.Event, at time.Time) time.Duration {
	return max(0, at.Sub(event.RecordedAt)).Round(10 * time.Millisecond)
}

func lower(text string) string {
	if text == "" {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}
