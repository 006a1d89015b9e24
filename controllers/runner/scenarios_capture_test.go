// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"slices"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

const (
	toCapture   = toShipment + "ShipmentCreated CaptureRequested "
	undoHeld    = "RefundRequested PaymentVoided " + undoStock
	undoLabel   = "ShipmentCancelRequested ShipmentCancelled "
	cancelCause = "OrderCancellationRequested CompensationStarted "
)

// captureScenarios are those of orders whose money is taken once the shipment is created.
var captureScenarios = onShipment([]scenario{
	{
		name: "everything succeeds, in nine commits", outcome: saga.Completed, charged: 1,
		history: toCapture + "PaymentCaptured OrderCompleted",
	},
	{
		name: "the authorisation is declined", script: map[kind][]fault{authorize: {refuse}},
		outcome: saga.Cancelled, reason: saga.ReasonPaymentDeclined,
		history: toPayment + "PaymentFailed CompensationStarted " + undoStock,
	},
	{
		name: "the reply to the authorisation is lost", script: map[kind][]fault{authorize: {loseReply}},
		outcome: saga.Completed, charged: 1,
		history: toPayment + "OutcomeUnknown PaymentProcessed ShipmentRequested ShipmentCreated CaptureRequested " +
			"PaymentCaptured OrderCompleted",
	},
	{
		name: "the shipment is refused, and the authorisation is given back", script: map[kind][]fault{ship: {refuse}},
		outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused,
		history: toShipment + "ShipmentFailed CompensationStarted " + undoHeld,
	},
	{
		name: "the capture is refused, and label and authorisation are given back", script: map[kind][]fault{capture: {refuse}},
		outcome: saga.Cancelled, reason: saga.ReasonCaptureRefused,
		history: toCapture + "PaymentFailed CompensationStarted " + undoLabel + undoHeld,
	},
	{
		name: "the reply to the capture is lost", script: map[kind][]fault{capture: {loseReply}},
		outcome: saga.Completed, charged: 1, history: toCapture + "OutcomeUnknown PaymentCaptured OrderCompleted",
	},
	{
		name: "the capture never arrives, is fenced and made again", script: map[kind][]fault{capture: {loseRequest}},
		outcome: saga.Completed, charged: 1,
		history: toCapture + "OutcomeUnknown StepRetryScheduled CaptureRequested PaymentCaptured OrderCompleted",
	},
	{
		name: "the capture arrives after it was fenced", script: map[kind][]fault{capture: {arriveLate}},
		outcome: saga.Completed, charged: 1,
		history: toCapture + "OutcomeUnknown StepRetryScheduled CaptureRequested PaymentCaptured OrderCompleted",
	},
	{
		name: "the gateway is unavailable at the capture", script: map[kind][]fault{capture: {unavailable}},
		outcome: saga.Completed, charged: 1,
		history: toCapture + "StepRetryScheduled CaptureRequested PaymentCaptured OrderCompleted",
	},
	{
		name: "the void is lost in every way", script: map[kind][]fault{ship: {refuse}, void: {unavailable, loseRequest, loseReply}},
		outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused,
		history: toShipment +
			"ShipmentFailed CompensationStarted RefundRequested StepRetryScheduled RefundRequested " +
			"OutcomeUnknown StepRetryScheduled RefundRequested OutcomeUnknown PaymentVoided " + undoStock,
	},
	{
		name: "the void is refused: a person has to decide", script: map[kind][]fault{ship: {refuse}, void: {refuse}},
		reason: saga.ReasonShipmentRefused, attention: saga.ReasonVoidRefused,
		history: toShipment + "ShipmentFailed CompensationStarted RefundRequested AttentionRequired",
	},
	{
		name: "the deadline passes while a capture is under way, which has happened", script: map[kind][]fault{capture: {hang}},
		deadline: 5 * time.Second, outcome: saga.Cancelled, reason: saga.ReasonDeadlineExceeded, charged: 1, refunded: 1,
		history: toCapture + turnLate + "OutcomeUnknown PaymentCaptured RefundRequested PaymentRefunded " +
			undoLabel + undoStock,
	},
	{
		name: "the deadline passes while a capture is under way, which never arrives", script: map[kind][]fault{capture: {loseRequest}},
		deadline: 5 * time.Second, outcome: saga.Cancelled, reason: saga.ReasonDeadlineExceeded,
		history: toCapture + turnLate + "OutcomeUnknown StepRetryScheduled " + undoLabel + undoHeld,
	},
	{
		name: "the order is cancelled while its capture is under way", script: map[kind][]fault{capture: {slow}},
		verbs:   []moment{{"CaptureRequested", time.Second, cancelOrder}},
		outcome: saga.Cancelled, reason: saga.ReasonCancelledByUser, charged: 1, refunded: 1,
		history: toCapture + cancelCause + "PaymentCaptured RefundRequested PaymentRefunded " + undoLabel +
			undoStock,
		also: []ending{completed},
	},
	{
		name:    "the order is cancelled while its capture is under way, which is refused",
		script:  map[kind][]fault{capture: {refuseSlow}},
		verbs:   []moment{{"CaptureRequested", time.Second, cancelOrder}},
		outcome: saga.Cancelled, reason: saga.ReasonCancelledByUser,
		history: toCapture + cancelCause + "PaymentFailed " + undoLabel + undoHeld,
		also:    []ending{{saga.Cancelled, saga.ReasonCaptureRefused, ""}},
	},
	{
		name: "the refund of a capture is refused", script: map[kind][]fault{capture: {slow}, refund: {refuse}},
		verbs:  []moment{{"CaptureRequested", time.Second, cancelOrder}},
		reason: saga.ReasonCancelledByUser, attention: saga.ReasonRefundRefused, charged: 1,
		history: toCapture + cancelCause + "PaymentCaptured RefundRequested AttentionRequired",
		also:    []ending{completed, {saga.Cancelled, saga.ReasonCancelledByUser, ""}},
	},
	{
		name:    "the goods have left when the capture is refused, and the second capture succeeds",
		script:  map[kind][]fault{capture: {refuse, fine}, withdraw: {dispatched}},
		verbs:   []moment{{"AttentionRequired", time.Minute, resolve(saga.ResolveRetry)}},
		outcome: saga.Completed, charged: 1,
		history: toCapture + "PaymentFailed CompensationStarted ShipmentCancelRequested OrderShipped " +
			"AttentionRequired AttentionResolved CaptureRequested PaymentCaptured OrderCompleted",
	},
	{
		name:      "the goods have left when the capture is refused: a person has to decide",
		script:    map[kind][]fault{capture: {refuse}, withdraw: {dispatched}},
		attention: saga.ReasonShippedUnpaid,
		history: toCapture +
			"PaymentFailed CompensationStarted ShipmentCancelRequested OrderShipped AttentionRequired",
	},
	{
		name:   "the goods have left when the captured money is back: a person has to decide",
		script: map[kind][]fault{capture: {slow}, withdraw: {dispatched}},
		verbs:  []moment{{"CaptureRequested", time.Second, cancelOrder}},
		reason: saga.ReasonCancelledByUser, attention: saga.ReasonShippedUnpaid, charged: 1, refunded: 1,
		history: toCapture + cancelCause +
			"PaymentCaptured RefundRequested PaymentRefunded ShipmentCancelRequested OrderShipped " +
			"AttentionRequired",
		also: []ending{completed},
	},
	{
		name:   "the goods have left when the captured money is back, and a person gets them back",
		script: map[kind][]fault{capture: {slow}, withdraw: {dispatched}},
		verbs: []moment{
			{"CaptureRequested", time.Second, cancelOrder}, {"AttentionRequired", time.Minute, resolve(saga.ResolveSkip)},
		},
		outcome: saga.Cancelled, reason: saga.ReasonCancelledByUser, charged: 1, refunded: 1,
		history: toCapture + cancelCause +
			"PaymentCaptured RefundRequested PaymentRefunded ShipmentCancelRequested OrderShipped " +
			"AttentionRequired AttentionResolved " + undoStock,
		also: []ending{completed},
	},
	{
		name:    "the order is cancelled while its capture never arrives, but the goods have left: it is captured",
		script:  map[kind][]fault{capture: {loseRequest}, withdraw: {dispatched}},
		verbs:   []moment{{"CaptureRequested", time.Second, cancelOrder}},
		outcome: saga.Completed, charged: 1,
		history: toCapture + cancelCause +
			"OutcomeUnknown StepRetryScheduled ShipmentCancelRequested OrderShipped " +
			"CaptureRequested PaymentCaptured OrderCompleted",
		also: []ending{{"", saga.ReasonCancelledByUser, saga.ReasonShippedUnpaid}},
	},
	{
		name:   "the goods have left, and the gateway is away when they are to be paid",
		script: map[kind][]fault{capture: {loseRequest}, withdraw: {dispatched, fine}},
		verbs: []moment{
			{"CaptureRequested", time.Second, cancelOrder}, {"CaptureRequested", time.Second, lose("gateway/default")},
			{"StepWaiting", 20 * time.Minute, arrive},
		},
		outcome: saga.Completed, charged: 1,
		history: toCapture + cancelCause +
			"OutcomeUnknown StepWaiting StepRetryScheduled ShipmentCancelRequested OrderShipped " +
			"CaptureRequested PaymentCaptured OrderCompleted",
	},
	{
		name:    "the goods have left, and the capture fails ten times",
		script:  map[kind][]fault{capture: append([]fault{loseRequest}, slices.Repeat([]fault{unavailable}, 12)...), withdraw: {dispatched}},
		verbs:   []moment{{"CaptureRequested", time.Second, cancelOrder}},
		outcome: saga.Completed, charged: 1,
		history: toCapture + cancelCause +
			"OutcomeUnknown StepRetryScheduled ShipmentCancelRequested OrderShipped " +
			"CaptureRequested StepRetryScheduled CaptureRequested StepRetryScheduled " +
			"CaptureRequested StepRetryScheduled CaptureRequested StepRetryScheduled " +
			"CaptureRequested StepRetryScheduled CaptureRequested StepRetryScheduled " +
			"CaptureRequested StepRetryScheduled CaptureRequested StepRetryScheduled " +
			"CaptureRequested StepRetryScheduled AttentionRequired CaptureRequested " +
			"StepRetryScheduled CaptureRequested StepRetryScheduled CaptureRequested " +
			"StepRetryScheduled CaptureRequested PaymentCaptured OrderCompleted",
	},
	{
		name:    "the goods have left when the capture is refused, which was paid otherwise",
		script:  map[kind][]fault{capture: {refuse}, withdraw: {dispatched}},
		verbs:   []moment{{"AttentionRequired", time.Minute, resolve(saga.ResolveForce)}},
		outcome: saga.Completed, charged: 1,
		history: toCapture + "PaymentFailed CompensationStarted ShipmentCancelRequested OrderShipped " +
			"AttentionRequired AttentionResolved OrderCompleted",
	},
})

var completed = ending{saga.Completed, "", ""}

func onShipment(scenarios []scenario) []scenario {
	for i := range scenarios {
		scenarios[i].capture = saga.CaptureOnShipment
		scenarios[i].name = "on shipment: " + scenarios[i].name
	}
	return scenarios
}
