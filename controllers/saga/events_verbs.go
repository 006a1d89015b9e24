// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// OrderCancellationRequested ends the forward way because somebody wants the order cancelled.
type OrderCancellationRequested struct {
	// Reason is ReasonCancelledByUser or ReasonOrderDeleted.
	Reason string `json:"reason"`
}

// OrderSuspended stops the forward way until OrderResumed. Deadlines and calls under way go on.
type OrderSuspended struct {
	// Reason is ReasonSuspended or ReasonOrderDeleted.
	Reason string `json:"reason"`
	// CancelAt is when the order is cancelled unless it is resumed before; zero for never.
	CancelAt time.Time `json:"cancelAt,omitzero"`
}

// OrderResumed lets a suspended order go on.
type OrderResumed struct{}

// OrderShipped records that the carrier has dispatched the goods. A saga that has turned round because of anything else
// turns forward again, if the money is still held.
type OrderShipped struct {
	// Reference is the carrier's id of the shipment.
	Reference string `json:"reference"`
}

// CaptureRequested is the intent to take the money that a charge has authorised.
type CaptureRequested struct {
	Call Call `json:"call"`
	// Reference is that of the charge.
	Reference string `json:"reference"`
	Amount    Money  `json:"amount"`
}

// PaymentCaptured records that authorised money was taken.
type PaymentCaptured struct {
	Generation int `json:"generation"`
	// Reference is the provider's id of the capture.
	Reference string `json:"reference"`
	Amount    Money  `json:"amount"`
}

// PaymentVoided records that an authorisation was given back.
type PaymentVoided struct {
	Generation int `json:"generation"`
	// Reference is the provider's id of what was voided.
	Reference string `json:"reference"`
}

// AttentionResolved is what a person decided about an AttentionRequired.
type AttentionResolved struct {
	// Attention is the position of the AttentionRequired that is answered.
	Attention eventcore.Position `json:"attention"`
	Step      string             `json:"step"`
	Undo      bool               `json:"undo,omitzero"`
	Action    Resolution         `json:"action"`
	// Reason is why, in the person's words; Actor who it was, as the API server knows them.
	Reason string `json:"reason"`
	Actor  string `json:"actor"`
	// Reference is what was done by hand, or at the provider.
	Reference string `json:"reference,omitzero"`
}

// Resolution is what a person wants done.
type Resolution string

// The resolutions.
const (
	// ResolveRetry has the operator try again.
	ResolveRetry Resolution = "Retry"
	// ResolveSkip says that the compensation was done by hand, or that the step surely did not happen.
	ResolveSkip Resolution = "Skip"
	// ResolveForce says that the call did succeed, under the reference.
	ResolveForce Resolution = "Force"
)
