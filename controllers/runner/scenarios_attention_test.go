// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"slices"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// decided has a person decide a minute after the attention was required.
func decided(action saga.Resolution) []moment {
	return []moment{{"AttentionRequired", time.Minute, resolve(action)}}
}

// attentionScenarios are those of orders about which a person has to decide, and does.
var attentionScenarios = []scenario{
	{
		name: "a refused refund is tried again", script: map[kind][]fault{ship: {refuse}, refund: {refuse, fine}},
		verbs: decided(saga.ResolveRetry), outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused,
		charged: 1, refunded: 1,
		history: toShipment +
			"ShipmentFailed CompensationStarted RefundRequested AttentionRequired AttentionResolved " +
			undoMoney,
	},
	{
		name: "a refused refund is tried again, and refused again", script: map[kind][]fault{ship: {refuse}, refund: {refuse}},
		verbs: decided(saga.ResolveRetry), reason: saga.ReasonShipmentRefused, attention: saga.ReasonRefundRefused,
		charged: 1,
		history: toShipment + "ShipmentFailed CompensationStarted RefundRequested AttentionRequired " +
			"AttentionResolved RefundRequested AttentionRequired",
	},
	{
		name: "a refused refund was made by hand", script: map[kind][]fault{ship: {refuse}, refund: {refuse}},
		verbs: decided(saga.ResolveSkip), outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused,
		charged: 1, refunded: 1,
		history: toShipment +
			"ShipmentFailed CompensationStarted RefundRequested AttentionRequired AttentionResolved " +
			undoStock,
	},
	{
		name: "a refused refund did succeed", script: map[kind][]fault{ship: {refuse}, refund: {refuse}},
		verbs: decided(saga.ResolveForce), outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused,
		charged: 1, refunded: 1,
		history: toShipment +
			"ShipmentFailed CompensationStarted RefundRequested AttentionRequired AttentionResolved " +
			undoStock,
	},
	{
		name: "a refused cancellation of the shipment is tried again", verbs: append(cancelledAfter("ShipmentRequested", time.Second), decided(saga.ResolveRetry)...),
		script:  map[kind][]fault{ship: {slow}, withdraw: {refuse, fine}},
		outcome: saga.Cancelled, reason: saga.ReasonCancelledByUser, charged: 1, refunded: 1,
		history: toShipment + cancelCause +
			"ShipmentCreated ShipmentCancelRequested AttentionRequired AttentionResolved " + undoLabel +
			undoMoney,
	},
	{
		name: "a refused cancellation of the shipment was made by hand", verbs: append(cancelledAfter("ShipmentRequested", time.Second), decided(saga.ResolveSkip)...),
		script:  map[kind][]fault{ship: {slow}, withdraw: {refuse}},
		outcome: saga.Cancelled, reason: saga.ReasonCancelledByUser, charged: 1, refunded: 1,
		history: toShipment + cancelCause +
			"ShipmentCreated ShipmentCancelRequested AttentionRequired AttentionResolved " + undoMoney,
	},
	{
		name:    "a refund fails ten times, a person is told, and the operator goes on",
		script:  map[kind][]fault{ship: {refuse}, refund: slices.Repeat([]fault{unavailable}, 12)},
		outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused, charged: 1, refunded: 1,
		history: toShipment +
			"ShipmentFailed CompensationStarted RefundRequested StepRetryScheduled RefundRequested " +
			"StepRetryScheduled RefundRequested StepRetryScheduled RefundRequested " +
			"StepRetryScheduled RefundRequested StepRetryScheduled RefundRequested " +
			"StepRetryScheduled RefundRequested StepRetryScheduled RefundRequested " +
			"StepRetryScheduled RefundRequested StepRetryScheduled RefundRequested " +
			"StepRetryScheduled AttentionRequired RefundRequested StepRetryScheduled " +
			"RefundRequested StepRetryScheduled " + undoMoney,
	},
	{
		name:   "a provider without a fence loses a charge, which arrives after all",
		script: map[kind][]fault{charge: {arriveLate}}, noFence: true,
		outcome: saga.Completed, charged: 1,
		history: toPayment + "OutcomeUnknown " + "OutcomeUnknown AttentionRequired PaymentProcessed ShipmentRequested " +
			"ShipmentCreated OrderCompleted",
	},
	{
		name:   "a provider without a fence loses a charge: a person has to decide",
		script: map[kind][]fault{charge: {loseRequest}}, noFence: true, deadline: 2 * time.Minute,
		reason: saga.ReasonDeadlineExceeded, attention: saga.ReasonOutcomeUnknown,
		history: toPayment + "OutcomeUnknown " + "OutcomeUnknown AttentionRequired OutcomeUnknown " + turnLate +
			"OutcomeUnknown",
	},
	{
		name:   "a provider without a fence loses a charge, which surely did not happen",
		script: map[kind][]fault{charge: {loseRequest}}, noFence: true, verbs: decided(saga.ResolveSkip),
		outcome: saga.Completed, charged: 1,
		history: toPayment + "OutcomeUnknown " + "OutcomeUnknown AttentionRequired AttentionResolved PaymentRequested " +
			"PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
	},
	{
		name:   "a provider without a fence loses a refund, which is looked up again",
		script: map[kind][]fault{ship: {refuse}, refund: {loseRequest}}, noFence: true, verbs: decided(saga.ResolveRetry),
		reason: saga.ReasonShipmentRefused, attention: saga.ReasonOutcomeUnknown, charged: 1,
		history: toShipment + "ShipmentFailed CompensationStarted RefundRequested OutcomeUnknown " + "OutcomeUnknown " +
			"AttentionRequired AttentionResolved OutcomeUnknown AttentionRequired OutcomeUnknown " +
			"OutcomeUnknown " + "OutcomeUnknown",
	},
	{
		name:   "a provider without a fence loses a refund, which was made by hand",
		script: map[kind][]fault{ship: {refuse}, refund: {loseRequest}}, noFence: true, verbs: decided(saga.ResolveSkip),
		outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused, charged: 1, refunded: 1,
		history: toShipment + "ShipmentFailed CompensationStarted RefundRequested OutcomeUnknown " + "OutcomeUnknown " +
			"AttentionRequired AttentionResolved " + undoStock,
	},
	{
		name:   "a provider without a fence loses a charge, which a person has seen at the provider",
		script: map[kind][]fault{charge: {arriveLate}}, noFence: true,
		verbs:   []moment{{"AttentionRequired", 5 * time.Second, resolve(saga.ResolveForce)}},
		outcome: saga.Completed, charged: 1,
		history: toPayment + "OutcomeUnknown " + "OutcomeUnknown AttentionRequired AttentionResolved ShipmentRequested " +
			"ShipmentCreated OrderCompleted",
	},
	{
		name:   "the order is cancelled while a provider without a fence has lost its charge, which surely did not happen",
		script: map[kind][]fault{charge: {loseRequest}}, noFence: true,
		verbs:   append(cancelledAfter("AttentionRequired", time.Second), decided(saga.ResolveSkip)...),
		outcome: saga.Cancelled, reason: saga.ReasonCancelledByUser,
		history: toPayment + "OutcomeUnknown " + "OutcomeUnknown AttentionRequired " + cancelCause +
			"AttentionResolved " + undoStock,
	},
	{
		name: "the provider does not know the operator for a while", script: map[kind][]fault{charge: {badKey, badKey, fine}},
		outcome: saga.Completed, charged: 1,
		history: toPayment + "StepRetryScheduled PaymentRequested StepRetryScheduled PaymentRequested " +
			"PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
	},
	{
		name: "the provider does not know the operator for too long", script: map[kind][]fault{charge: slices.Repeat([]fault{badKey}, 9)},
		deadline: time.Minute, outcome: saga.Cancelled, reason: saga.ReasonDeadlineExceeded,
		history: toPayment + "StepRetryScheduled PaymentRequested StepRetryScheduled " + turnLate +
			"StepRetryScheduled " + undoStock,
	},
	{
		name: "the provider prepares a charge", prepares: true, outcome: saga.Completed, charged: 1, history: success,
	},
	{
		name: "the provider is unavailable to prepare a charge, loses a reply, and loses the charge", prepares: true,
		script:  map[kind][]fault{prepare: {unavailable, loseReply}, charge: {unavailable, loseRequest}},
		outcome: saga.Completed, charged: 1,
		history: "OrderCreated StockReserved StepRetryScheduled " + "StepRetryScheduled PaymentRequested " +
			"StepRetryScheduled PaymentRequested OutcomeUnknown StepRetryScheduled " +
			"PaymentRequested PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
	},
	{
		name: "the provider refuses to prepare a charge", prepares: true, script: map[kind][]fault{prepare: {refuse}},
		outcome: saga.Cancelled, reason: saga.ReasonPaymentDeclined,
		history: toPayment + "PaymentFailed CompensationStarted " + undoStock,
	},
	{
		name: "the order is cancelled while the preparation is to be made again", prepares: true,
		script: map[kind][]fault{prepare: {unavailable}}, missing: "",
		verbs:   cancelledAfter("StepRetryScheduled", 0),
		outcome: saga.Cancelled, reason: saga.ReasonCancelledByUser,
		history: "OrderCreated StockReserved StepRetryScheduled " + cancelCause + undoStock, also: []ending{completed},
	},
}
