// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// suspendedAfter has the user suspend the order a second after an event, and resume it ten minutes later.
func suspendedAfter(event string) []moment {
	return []moment{{event, time.Second, suspendOrder}, {"OrderSuspended", 10 * time.Minute, resumeOrder}}
}

// suspendScenarios are those of orders that are suspended, at each step, by their users or because their objects are
// gone.
var suspendScenarios = []scenario{
	{
		name: "suspended while it waits for a product that comes", missing: "mouse",
		verbs: []moment{
			{"StepWaiting", time.Second, suspendOrder}, {"OrderSuspended", time.Minute, arrive}, {"OrderSuspended", time.Minute, resumeOrder},
		},
		outcome: saga.Completed, charged: 1,
		history: "OrderCreated StepWaiting OrderSuspended OrderResumed StockReserved PaymentRequested " +
			"PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
	},
	{
		name: "suspended while its charge is under way", script: map[kind][]fault{charge: {slow}},
		verbs: suspendedAfter("PaymentRequested"), outcome: saga.Completed, charged: 1,
		history: toPayment + "OrderSuspended PaymentProcessed OrderResumed ShipmentRequested ShipmentCreated " +
			"OrderCompleted",
	},
	{
		name: "suspended while its charge is under way, whose reply is lost", script: map[kind][]fault{charge: {hang}},
		verbs: suspendedAfter("PaymentRequested"), outcome: saga.Completed, charged: 1,
		history: toPayment + "OrderSuspended OutcomeUnknown PaymentProcessed OrderResumed ShipmentRequested " +
			"ShipmentCreated OrderCompleted",
	},
	{
		name: "suspended while its charge is under way, which never arrives", script: map[kind][]fault{charge: {loseRequest}},
		verbs: suspendedAfter("PaymentRequested"), outcome: saga.Completed, charged: 1,
		history: toPayment + "OrderSuspended OutcomeUnknown StepRetryScheduled OrderResumed PaymentRequested " +
			"PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
	},
	{
		name: "suspended while its charge is to be made again", script: map[kind][]fault{charge: {badKey, fine}},
		verbs: suspendedAfter("StepRetryScheduled"), outcome: saga.Completed, charged: 1,
		history: toPayment + "StepRetryScheduled OrderSuspended OrderResumed PaymentRequested PaymentProcessed " +
			"ShipmentRequested ShipmentCreated OrderCompleted",
	},
	{
		name: "suspended while its shipment is under way", script: map[kind][]fault{ship: {slow}},
		verbs: suspendedAfter("ShipmentRequested"), outcome: saga.Completed, charged: 1,
		history: toShipment + "OrderSuspended ShipmentCreated OrderResumed OrderCompleted",
	},
	{
		name: "suspended while its shipment is under way, which is refused", script: map[kind][]fault{ship: {refuseSlow}},
		verbs: suspendedAfter("ShipmentRequested"), outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused,
		charged: 1, refunded: 1,
		history: toShipment + "OrderSuspended ShipmentFailed CompensationStarted " + undoMoney,
	},
	{
		name: "suspended while its capture is under way", script: map[kind][]fault{capture: {slow}},
		capture: saga.CaptureOnShipment, verbs: suspendedAfter("CaptureRequested"),
		outcome: saga.Completed, charged: 1,
		history: toCapture + "OrderSuspended PaymentCaptured OrderResumed OrderCompleted",
	},
	{
		name: "suspended while it is undone: that goes on", script: map[kind][]fault{ship: {refuse}, refund: {slow}},
		verbs: suspendedAfter("RefundRequested")[:1], outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused,
		charged: 1, refunded: 1,
		history: toShipment + "ShipmentFailed CompensationStarted " + undoMoney,
	},
	{
		name: "suspended beyond its deadline", script: map[kind][]fault{ship: {slow}},
		verbs: suspendedAfter("ShipmentRequested")[:1], outcome: saga.Cancelled, reason: saga.ReasonDeadlineExceeded,
		charged: 1, refunded: 1,
		history: toShipment + "OrderSuspended ShipmentCreated " + turnLate + undoLabel + undoMoney,
	},
	{
		name: "its object is gone, and it is cancelled after the grace", script: map[kind][]fault{ship: {slow}},
		verbs:   []moment{{"ShipmentRequested", time.Second, deleteOrder}},
		outcome: saga.Cancelled, reason: saga.ReasonOrderDeleted, charged: 1, refunded: 1,
		history: toShipment + "OrderSuspended ShipmentCreated " + cancelCause + undoLabel + undoMoney, also: []ending{completed},
	},
	{
		name: "its object is gone before anything happened", missing: "mouse",
		verbs:   []moment{{"StepWaiting", time.Second, deleteOrder}},
		outcome: saga.Cancelled, reason: saga.ReasonOrderDeleted,
		history: "OrderCreated StepWaiting OrderSuspended " + cancelCause + "OrderCancelled",
	},
	{
		name: "its object is gone, and there again within the grace", script: map[kind][]fault{ship: {slow}},
		verbs:   []moment{{"ShipmentRequested", time.Second, deleteOrder}, {"OrderSuspended", 30 * time.Second, createAgain}},
		outcome: saga.Completed, charged: 1,
		history: toShipment + "OrderSuspended ShipmentCreated OrderAttached OrderResumed OrderCompleted", also: []ending{{saga.Cancelled, saga.ReasonOrderDeleted, ""}},
	},
	{
		name: "its object is gone while its charge never arrives", script: map[kind][]fault{charge: {loseRequest}},
		verbs:   []moment{{"PaymentRequested", time.Second, deleteOrder}},
		outcome: saga.Cancelled, reason: saga.ReasonOrderDeleted,
		history: toPayment + "OrderSuspended OutcomeUnknown StepRetryScheduled " + cancelCause + undoStock,
	},
	{
		name: "its object is gone when it is suspended already", script: map[kind][]fault{ship: {slow}},
		verbs:   []moment{{"ShipmentRequested", time.Second, suspendOrder}, {"OrderSuspended", time.Minute, deleteOrder}},
		outcome: saga.Cancelled, reason: saga.ReasonOrderDeleted, charged: 1, refunded: 1,
		history: toShipment + "OrderSuspended ShipmentCreated OrderSuspended " + cancelCause + undoLabel +
			undoMoney,
	},
}
