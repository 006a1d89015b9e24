// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// cancelledAfter has the user cancel the order so long after an event.
func cancelledAfter(event string, later time.Duration) []moment {
	return []moment{{event, later, cancelOrder}}
}

// cancelScenarios are those of orders that their users cancel, at each step.
var cancelScenarios = byUser([]scenario{
	{
		name: "it waits for a product: it ends at once", missing: "mouse", verbs: cancelledAfter("StepWaiting", time.Second),
		outcome: saga.Cancelled,
		history: "OrderCreated StepWaiting " + cancelCause + "OrderCancelled",
	},
	{
		name: "it waits for its gateway", missing: "gateway/default", verbs: cancelledAfter("StepWaiting", time.Second),
		outcome: saga.Cancelled,
		history: "OrderCreated StockReserved StepWaiting " + cancelCause + undoStock,
	},
	{
		name: "its charge is under way, which succeeds", script: map[kind][]fault{charge: {slow}},
		verbs:   cancelledAfter("PaymentRequested", time.Second),
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toPayment + cancelCause + "PaymentProcessed " + undoMoney, also: []ending{completed},
	},
	{
		name: "its charge is under way, which is declined", script: map[kind][]fault{charge: {refuseSlow}},
		verbs:   cancelledAfter("PaymentRequested", time.Second),
		outcome: saga.Cancelled,
		history: toPayment + cancelCause + "PaymentFailed " + undoStock, also: []ending{{saga.Cancelled, saga.ReasonPaymentDeclined, ""}},
	},
	{
		name: "its charge is under way, whose reply is lost", script: map[kind][]fault{charge: {hang}},
		verbs:   cancelledAfter("PaymentRequested", time.Second),
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toPayment + cancelCause + "OutcomeUnknown PaymentProcessed " + undoMoney, also: []ending{completed},
	},
	{
		name: "its charge is under way, which never arrives", script: map[kind][]fault{charge: {loseRequest}},
		verbs:   cancelledAfter("PaymentRequested", time.Second),
		outcome: saga.Cancelled,
		history: toPayment + cancelCause + "OutcomeUnknown StepRetryScheduled " + undoStock, also: []ending{completed},
	},
	{
		name: "its charge is under way, which arrives after the end", script: map[kind][]fault{charge: {arriveLate}},
		verbs:   cancelledAfter("PaymentRequested", time.Second),
		outcome: saga.Cancelled,
		history: toPayment + cancelCause + "OutcomeUnknown StepRetryScheduled " + undoStock, also: []ending{completed},
	},
	{
		name: "its charge is to be made again", script: map[kind][]fault{charge: {badKey, fine}},
		verbs:   cancelledAfter("StepRetryScheduled", time.Second),
		outcome: saga.Cancelled,
		history: toPayment + "StepRetryScheduled " + cancelCause + "StepRetryScheduled " + undoStock, also: []ending{completed},
	},
	{
		name: "it waits for its carrier", missing: "carrier/default", verbs: cancelledAfter("StepWaiting", time.Second),
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toPayment + "PaymentProcessed StepWaiting " + cancelCause + undoMoney,
	},
	{
		name: "its shipment is under way", script: map[kind][]fault{ship: {slow}},
		verbs:   cancelledAfter("ShipmentRequested", time.Second),
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toShipment + cancelCause + "ShipmentCreated " + undoLabel + undoMoney, also: []ending{completed},
	},
	{
		name: "its shipment is under way, which never arrives", script: map[kind][]fault{ship: {loseRequest}},
		verbs:   cancelledAfter("ShipmentRequested", time.Second),
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toShipment + cancelCause + "OutcomeUnknown StepRetryScheduled " + undoMoney, also: []ending{completed},
	},
	{
		name:    "its shipment is under way, and the goods leave: it is carried out",
		script:  map[kind][]fault{ship: {slow}, withdraw: {dispatched}},
		verbs:   cancelledAfter("ShipmentRequested", time.Second),
		outcome: saga.Completed, charged: 1,
		history: toShipment + cancelCause + "ShipmentCreated ShipmentCancelRequested OrderShipped OrderCompleted",
		also:    []ending{{saga.Cancelled, saga.ReasonCancelledByUser, ""}},
	},
	{
		name:    "its shipment is under way, the goods leave, and nobody hears of it",
		script:  map[kind][]fault{ship: {slow}, withdraw: {loseRequest, dispatched}},
		verbs:   cancelledAfter("ShipmentRequested", time.Second),
		outcome: saga.Completed, charged: 1,
		history: toShipment + cancelCause +
			"ShipmentCreated ShipmentCancelRequested OutcomeUnknown StepRetryScheduled " +
			"ShipmentCancelRequested OrderShipped OrderCompleted",
		also: []ending{{saga.Cancelled, saga.ReasonCancelledByUser, ""}},
	},
	{
		name: "its shipment's cancellation is lost in every way", verbs: cancelledAfter("ShipmentRequested", time.Second),
		script:  map[kind][]fault{ship: {slow}, withdraw: {unavailable, loseRequest, loseReply}},
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toShipment + cancelCause +
			"ShipmentCreated ShipmentCancelRequested StepRetryScheduled ShipmentCancelRequested " +
			"OutcomeUnknown StepRetryScheduled ShipmentCancelRequested OutcomeUnknown " + "ShipmentCancelled " +
			undoMoney, also: []ending{completed},
	},
	{
		name: "it is completed: nothing happens any more", verbs: cancelledAfter("OrderCompleted", time.Second),
		outcome: saga.Completed, charged: 1, history: success,
	},
	{
		name: "it is being undone anyway", script: map[kind][]fault{ship: {refuse}, refund: {slow}},
		verbs:   cancelledAfter("RefundRequested", time.Second),
		outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused, charged: 1, refunded: 1,
		history: toShipment + "ShipmentFailed CompensationStarted " + undoMoney,
		also:    []ending{{saga.Cancelled, saga.ReasonCancelledByUser, ""}},
	},
	{
		name: "it is suspended", missing: "carrier/default",
		verbs:   []moment{{"StepWaiting", time.Second, suspendOrder}, {"OrderSuspended", time.Minute, cancelOrder}},
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toPayment + "PaymentProcessed StepWaiting OrderSuspended " + cancelCause + undoMoney,
	},
	{
		name: "its gateway is gone while the charge is under way, and comes back", script: map[kind][]fault{charge: {hang}},
		verbs: []moment{
			{"PaymentRequested", time.Second, lose("gateway/default")}, {"PaymentRequested", time.Second, cancelOrder},
			{"StepWaiting", 20 * time.Minute, arrive},
		},
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toPayment + cancelCause + "OutcomeUnknown StepWaiting PaymentProcessed " + undoMoney, also: []ending{completed},
	},
	{
		name: "its gateway is gone when the money is to be returned, and comes back", script: map[kind][]fault{ship: {slow}},
		verbs: []moment{
			{"ShipmentRequested", time.Second, lose("gateway/default")}, {"ShipmentRequested", 0, cancelOrder},
			{"StepWaiting", 20 * time.Minute, arrive},
		},
		outcome: saga.Cancelled, charged: 1, refunded: 1,
		history: toShipment + cancelCause + "ShipmentCreated " + undoLabel + "StepWaiting " + undoMoney, also: []ending{completed},
	},
})

func byUser(scenarios []scenario) []scenario {
	for i := range scenarios {
		s := &scenarios[i]
		s.name = "cancelled by its user while " + s.name
		if s.outcome == saga.Cancelled && s.reason == "" {
			s.reason = saga.ReasonCancelledByUser
		}
	}
	return scenarios
}
