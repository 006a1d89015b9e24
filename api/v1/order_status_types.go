// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// OrderOutcome says how an order ended.
//
// +kubebuilder:validation:Enum=Completed;Cancelled;Rejected
type OrderOutcome string

const (
	// OutcomeCompleted means that the order is paid and released to the carrier.
	OutcomeCompleted OrderOutcome = "Completed"

	// OutcomeCancelled means that the order failed or was called off, and that
	// everything done for it was undone.
	OutcomeCancelled OrderOutcome = "Cancelled"

	// OutcomeRejected means that nothing was ever done for the order, because its
	// name belongs to another one.
	OutcomeRejected OrderOutcome = "Rejected"
)

// Names of the steps of an order, as they appear in status.steps.
const (
	// StepReserveStock reserves all items. The inventory service does it.
	StepReserveStock = "ReserveStock"

	// StepProcessPayment takes the payment. The payment service does it.
	StepProcessPayment = "ProcessPayment"

	// StepCreateShipment creates the shipment. The shipping service does it.
	StepCreateShipment = "CreateShipment"

	// StepCapturePayment takes the money that ProcessPayment has set aside, in
	// orders whose capture mode is OnShipment. The payment service does it.
	StepCapturePayment = "CapturePayment"
)

// OrderStepState says how far a step is.
//
// +kubebuilder:validation:Enum=Pending;Running;Succeeded;Refused;Unknown;Undoing;Undone;Skipped
type OrderStepState string

const (
	// StepStatePending means that the step has not begun.
	StepStatePending OrderStepState = "Pending"

	// StepStateRunning means that the step is being done, or waits for its next
	// attempt.
	StepStateRunning OrderStepState = "Running"

	// StepStateSucceeded means that the step is done.
	StepStateSucceeded OrderStepState = "Succeeded"

	// StepStateRefused means that the step was refused: there is nothing to undo.
	StepStateRefused OrderStepState = "Refused"

	// StepStateUnknown means that the provider did not say what became of the
	// call: it is being found out.
	StepStateUnknown OrderStepState = "Unknown"

	// StepStateUndoing means that the step had succeeded and is being undone.
	StepStateUndoing OrderStepState = "Undoing"

	// StepStateUndone means that the step had succeeded and was undone.
	StepStateUndone OrderStepState = "Undone"

	// StepStateSkipped means that the step was not done and won't be.
	StepStateSkipped OrderStepState = "Skipped"
)

// OrderStatus is how far an order is, as its events say. Amounts are decimal
// strings in the currency of the order.
//
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.history) || has(self.history)",message="history can't be removed once it is set: send it along with the status",fieldPath=".history"
// +kubebuilder:validation:MinProperties=1
type OrderStatus struct {
	// conditions of the Order, set by the operator: Succeeded, Ready, Reconciling
	// and Stalled.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec that this status answers,
	// set by the operator.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// history says which events this status shows, set by the operator. It never
	// goes back.
	// +optional
	History History `json:"history,omitzero"`

	// outcome says how the order ended, set by the operator: Completed (paid and
	// released to the carrier), Cancelled (everything was undone) or Rejected
	// (nothing was done, because the name belongs to another order). It is absent
	// while the order is under way: kubectl wait
	// --for=jsonpath='{.status.outcome}' returns at any end.
	// +optional
	Outcome OrderOutcome `json:"outcome,omitempty"`

	// attempt is the attempt that this status shows, set by the operator: the
	// latest one on record, which is spec.attempt or a later one of an earlier
	// Order of this name.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Attempt int32 `json:"attempt,omitempty"`

	// startTime is when the order was recorded, set by the operator.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// completionTime is when the order ended, in whatever way, set by the
	// operator.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`

	// total is the sum of quantity times unitPrice over all items, set by the
	// operator.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=24
	Total string `json:"total,omitempty"`

	// charged is what was taken from the customer, refunds not deducted, set by
	// the operator.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=24
	Charged string `json:"charged,omitempty"`

	// refunded is what was given back to the customer, set by the operator.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=24
	Refunded string `json:"refunded,omitempty"`

	// payment is what the payment gateway said, set by the operator once it
	// answered.
	// +optional
	Payment OrderPaymentStatus `json:"payment,omitzero"`

	// shipment is what the carrier said, set by the operator once it answered.
	// +optional
	Shipment OrderShipmentStatus `json:"shipment,omitzero"`

	// attention is the question that a person has to decide, set by the operator
	// while there is one: answer it by spec.resolution.
	// +optional
	Attention OrderAttention `json:"attention,omitzero"`

	// steps are the steps of the order, in the order in which they are done, set
	// by the operator. They are undone in reverse.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Steps []OrderStep `json:"steps,omitempty"`
}

// OrderPaymentStatus is what the payment gateway said.
type OrderPaymentStatus struct {
	// reference is the payment provider's name for the payment, set by the
	// operator. It is not the token.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	Reference string `json:"reference,omitempty"` //nolint:kubeapilinter // the provider's word, not a reference to an object
}

// OrderShipmentStatus is what the carrier said.
type OrderShipmentStatus struct {
	// reference is the carrier's name for the shipment, set by the operator.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	Reference string `json:"reference,omitempty"` //nolint:kubeapilinter // the provider's word, not a reference to an object

	// trackingNumber is what the customer follows the shipment by, set by the
	// operator. Not every carrier gives one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	TrackingNumber string `json:"trackingNumber,omitempty"`
}

// OrderAttention is a question that a person has to decide.
type OrderAttention struct {
	// position identifies the question, set by the operator: write it into
	// spec.resolution.attentionPosition.
	// +required
	// +kubebuilder:validation:Minimum=1
	Position int64 `json:"position,omitempty"`

	// operation is what could not be done, set by the operator: the name of a
	// step such as ProcessPayment, or of its compensation such as RefundPayment.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Operation string `json:"operation,omitempty"`

	// reason says in one word why a person is asked, set by the operator, such as
	// RefundRefused or OutcomeUnknown.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Reason string `json:"reason,omitempty"`

	// message says in at most 128 characters what the provider said, set by the
	// operator.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Message string `json:"message,omitempty"`

	// startTime is when the question came up, set by the operator.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// nextAttemptTime is when the operator tries or asks again by itself, as long
	// as nobody decides. It is absent if it does not.
	// +optional
	NextAttemptTime *metav1.Time `json:"nextAttemptTime,omitempty"`
}

// OrderStep is how far one step of an order is.
type OrderStep struct {
	// name is the name of the step: ReserveStock, ProcessPayment, CreateShipment
	// or CapturePayment. More may be added.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Name string `json:"name,omitempty"`

	// state says how far the step is.
	// +required
	State OrderStepState `json:"state,omitempty"`

	// attempts is how often the step was tried. It is absent before the first try.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Attempts int32 `json:"attempts,omitempty"`

	// lastTransitionTime is when the step came into its state. It is absent while
	// the step has not begun.
	// +optional
	LastTransitionTime *metav1.MicroTime `json:"lastTransitionTime,omitempty"`

	// compensation is what undoes the step. It is absent while the step is not
	// being undone.
	// +optional
	Compensation OrderStepCompensation `json:"compensation,omitzero"`

	// nextAttemptTime is when the step or its compensation is tried again, or the
	// provider asked again. It is absent when nothing is scheduled.
	// +optional
	NextAttemptTime *metav1.Time `json:"nextAttemptTime,omitempty"`

	// message says in at most 128 characters what a person should know about the
	// step, such as why it was refused.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Message string `json:"message,omitempty"`
}

// OrderStepCompensation is what undoes a step.
type OrderStepCompensation struct {
	// name is the name of the compensation: ReleaseStock, RefundPayment,
	// VoidPayment or CancelShipment. More may be added.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Name string `json:"name,omitempty"`

	// attempts is how often the compensation was tried. It is absent before the
	// first try, and where nobody outside is asked.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Attempts int32 `json:"attempts,omitempty"`
}

// OrderList is a list of Orders.
//
// +kubebuilder:object:root=true
type OrderList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the Orders.
	Items []Order `json:"items"`
}
