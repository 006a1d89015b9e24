// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ProviderRetry says how long an order waits after a call that failed. The
// span doubles with each failure in a row, and of it a random part is waited.
//
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="(has(self.initialBackoffMilliseconds) ? self.initialBackoffMilliseconds : 250) <= 1000 * (has(self.maxBackoffSeconds) ? self.maxBackoffSeconds : 30)",message="initialBackoffMilliseconds must not exceed maxBackoffSeconds: lower the one, or raise the other (by default they are 250 ms and 30 s)"
type ProviderRetry struct {
	// initialBackoffMilliseconds is the span after the first failure: 10 to
	// 60000; 250 by default.
	// +optional
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=60000
	InitialBackoffMilliseconds int32 `json:"initialBackoffMilliseconds,omitempty"`

	// maxBackoffSeconds is the longest span: 1 to 3600; 30 by default. What only a
	// person can mend, such as wrong credentials, is tried from 1 minute to 1 hour
	// apart whatever this says.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	MaxBackoffSeconds int32 `json:"maxBackoffSeconds,omitempty"`
}

// ProviderCircuitBreaker says when a provider is left alone. It applies to
// what moves orders forward, to look-ups, and to what undoes something, each
// by itself.
//
// +kubebuilder:validation:MinProperties=1
type ProviderCircuitBreaker struct {
	// failureThreshold is after how many failures in a row no more calls are made:
	// 1 to 1000; 10 by default. A refusal is an answer, not a failure.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	FailureThreshold int32 `json:"failureThreshold,omitempty"`

	// openSeconds is how long none are made, before up to three orders try it
	// again: 1 to 3600; 30 by default.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	OpenSeconds int32 `json:"openSeconds,omitempty"`
}

// ProviderLimits says how much a provider is asked to do.
//
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="!has(self.burst) || has(self.requestsPerSecond)",message="burst needs requestsPerSecond: set it, or remove burst"
type ProviderLimits struct {
	// requestsPerSecond is how many calls are begun each second on average: 1 to
	// 10000. By default there is no limit. A call may take two requests: to
	// prepare a payment and to make it, or to look a call up and to cancel it.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	RequestsPerSecond int32 `json:"requestsPerSecond,omitempty"`

	// burst is how many calls may be begun at once before requestsPerSecond holds
	// them back: 1 to 10000; by default as many as requestsPerSecond.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Burst int32 `json:"burst,omitempty"`

	// concurrency is how many calls may be under way at once: 4 to 1024; 64 by
	// default. A quarter each is kept for look-ups and for what undoes something.
	// +optional
	// +kubebuilder:validation:Minimum=4
	// +kubebuilder:validation:Maximum=1024
	Concurrency int32 `json:"concurrency,omitempty"`
}

// CircuitState says whether calls pass.
//
// +kubebuilder:validation:Enum=Closed;HalfOpen;Open
type CircuitState string

const (
	// CircuitClosed lets all calls pass.
	CircuitClosed CircuitState = "Closed"
	// CircuitHalfOpen lets a few pass, to see whether the provider works again.
	CircuitHalfOpen CircuitState = "HalfOpen"
	// CircuitOpen lets none pass: orders wait.
	CircuitOpen CircuitState = "Open"
)

// ProviderCircuit says whether a provider is called.
type ProviderCircuit struct {
	// state is that of the operation that passes the least, set by the operator.
	// +required
	State CircuitState `json:"state,omitempty"`

	// since is when that state was reached, set by the operator.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// operations are those of the provider, each with a circuit of its own, set by
	// the operator.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Operations []CircuitOperation `json:"operations,omitempty"`
}

// CircuitOperation is a kind of calls that fails apart from the others.
type CircuitOperation struct {
	// name is Charging, LookingUp or Refunding of a PaymentGateway, and Creating,
	// LookingUp or Cancelling of a Carrier.
	// +required
	// +kubebuilder:validation:Enum=Charging;Refunding;Creating;Cancelling;LookingUp
	Name string `json:"name,omitempty"`

	// state is whether such calls pass, set by the operator.
	// +required
	State CircuitState `json:"state,omitempty"`
}

// The names of a CircuitOperation.
const (
	// OperationCharging charges, authorises and captures.
	OperationCharging = "Charging"
	// OperationRefunding refunds and voids.
	OperationRefunding = "Refunding"
	// OperationCreating creates shipments.
	OperationCreating = "Creating"
	// OperationCancelling cancels shipments.
	OperationCancelling = "Cancelling"
	// OperationLookingUp asks what became of a call, and cancels it if it was never seen.
	OperationLookingUp = "LookingUp"
)

// ConditionAvailable of a PaymentGateway or a Carrier is True while all calls pass, and False while orders may have to
// wait because calls have failed.
const ConditionAvailable = "Available"

// Reasons of ConditionAvailable.
const (
	// ReasonCircuitClosed means that the provider answers: Available is True.
	ReasonCircuitClosed = "CircuitClosed"

	// ReasonCircuitOpen means that calls have failed so often in a row that no more are made for a while. The orders
	// wait, and go on by themselves.
	ReasonCircuitOpen = "CircuitOpen"

	// ReasonCircuitHalfOpen means that a few orders try whether the provider works again.
	ReasonCircuitHalfOpen = "CircuitHalfOpen"
)

// Reasons of an Order that waits for a provider.
const (
	// ReasonGatewayUnavailable means that the PaymentGateway that the order names has failed too often to be called now,
	// or is as busy as its limits allow. The order goes on by itself, and is cancelled at its deadline.
	ReasonGatewayUnavailable = "GatewayUnavailable"

	// ReasonCarrierUnavailable means the same of the Carrier that the order names.
	ReasonCarrierUnavailable = "CarrierUnavailable"
)
