// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// OrderCancellation says that an order is to be cancelled.
//
// +kubebuilder:validation:Enum=Requested
type OrderCancellation string

const (
	// CancellationRequested has the order undone and cancelled.
	CancellationRequested OrderCancellation = "Requested"
)

// OrderResolutionAction says how an order that needs attention goes on.
//
// +kubebuilder:validation:Enum=Retry;Skip;Force
type OrderResolutionAction string

const (
	// ResolutionRetry has the operator try, or look it up, again at once.
	ResolutionRetry OrderResolutionAction = "Retry"

	// ResolutionSkip says that a step surely did not happen, or that it was
	// undone by hand.
	ResolutionSkip OrderResolutionAction = "Skip"

	// ResolutionForce says that the provider did do it, under the reference.
	ResolutionForce OrderResolutionAction = "Force"
)

// OrderResolution is what a person has decided.
//
// +kubebuilder:validation:XValidation:rule="self.action != 'Force' || has(self.reference)",message="Force needs the provider's reference to what was done",fieldPath=".reference"
type OrderResolution struct {
	// attentionPosition is the position in status.attention that this answers, so
	// that an answer to an older question has no effect.
	// +required
	// +kubebuilder:validation:Minimum=1
	AttentionPosition int64 `json:"attentionPosition,omitempty"`

	// action is what to do: Retry tries, or looks it up, again at once. Skip says
	// that the step surely did not happen or, where it was to be undone, that this
	// was done by hand. Force says that the provider did do it, under reference.
	// +required
	Action OrderResolutionAction `json:"action,omitempty"`

	// reason says why, for the record: 1 to 512 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason,omitempty"`

	// reference is the provider's name for what was done, such as the id of a
	// refund made by hand. Force needs it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	Reference string `json:"reference,omitempty"` //nolint:kubeapilinter // the provider's word, not a reference to an object

	// actor is who decides: the name of the user who writes this, as kubectl auth
	// whoami shows it. The shipped admission policy refuses any other.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Actor string `json:"actor,omitempty"`
}
