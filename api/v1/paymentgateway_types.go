// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PaymentGateway is a way to take payments: the provider that charges and
// refunds. It is cluster-scoped and kept by the platform's administrators;
// Orders of every namespace name it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:resource:scope=Cluster,shortName=pgw,categories=commerce
// +kubebuilder:printcolumn:name="Provider",type=string,JSONPath=`.status.provider`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Circuit",type=string,JSONPath=`.status.circuit.state`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="metadata.name must be no longer than 63 characters: choose a shorter name"
type PaymentGateway struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard metadata of an object. The name is what Orders
	// refer to and has at most 63 characters; an Order that names none uses the
	// one called default.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says which provider stands behind the gateway.
	// +required
	Spec PaymentGatewaySpec `json:"spec,omitzero"`

	// status says whether orders can use the gateway, set by the operator.
	// +optional
	// +default={"conditions": [{"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "Waiting for the payment controller", "lastTransitionTime": "1970-01-01T00:00:00Z"}]}
	Status PaymentGatewayStatus `json:"status,omitzero"`
}

// PaymentGatewaySpec says how a gateway is reached.
type PaymentGatewaySpec struct {
	// provider is who takes the money, set by an administrator. Exactly one type
	// of provider must be set. The type is immutable: a refund must reach the
	// account that charged.
	// +required
	// +kubebuilder:validation:XValidation:rule="has(self.simulated) == has(oldSelf.simulated) && has(self.webhook) == has(oldSelf.webhook) && has(self.stripe) == has(oldSelf.stripe)",message="the type of provider is immutable: create a PaymentGateway under a new name"
	Provider PaymentGatewayProvider `json:"provider,omitzero"`

	// allowedNamespaces are the namespaces whose Orders may use it: 1 to 64 names.
	// By default all may. An Order of another namespace waits; what was done for
	// it before is undone all the same.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	AllowedNamespaces []string `json:"allowedNamespaces,omitempty"`

	// timeoutSeconds is how long the provider may take to answer a call, before
	// it is asked what became of it: 1 to 300. By default it is the operator's
	// --call-timeout.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=300
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty"`

	// retry says how long an order waits after a call that failed.
	// +optional
	Retry ProviderRetry `json:"retry,omitzero"`

	// circuitBreaker says when the provider is left alone because calls fail.
	// +optional
	CircuitBreaker ProviderCircuitBreaker `json:"circuitBreaker,omitzero"`

	// limits say how much the provider is asked to do. Orders wait for their turn.
	// +optional
	Limits ProviderLimits `json:"limits,omitzero"`
}

// PaymentGatewayProvider is a union: exactly one of its members is set.
//
// +kubebuilder:validation:ExactlyOneOf=simulated;webhook;stripe
type PaymentGatewayProvider struct {
	// simulated is a provider inside the operator, for trials and tests: it moves
	// no money. It has no settings: write {}.
	// +optional
	Simulated *SimulatedPaymentProvider `json:"simulated,omitempty"`

	// webhook is an HTTP service that keeps the contract for payments.
	// +optional
	Webhook *WebhookProvider `json:"webhook,omitempty"` //nolint:kubeapilinter // a member of a union

	// stripe is an account at Stripe.
	// +optional
	Stripe *StripeProvider `json:"stripe,omitempty"` //nolint:kubeapilinter // a member of a union
}

// SimulatedPaymentProvider has no settings, and one that is written
// nevertheless is refused, not dropped in silence. What the provider answers
// depends on the payment token of the Order: sim_approve, sim_decline and
// others that the manual lists.
//
// +kubebuilder:pruning:PreserveUnknownFields
// +kubebuilder:validation:MaxProperties=0
type SimulatedPaymentProvider struct{}

// PaymentGatewayStatus says whether orders can use a gateway.
//
// +kubebuilder:validation:MinProperties=1
type PaymentGatewayStatus struct {
	// conditions of the PaymentGateway, set by the operator: Ready and
	// Available.
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

	// provider is the type of the provider, set by the operator: simulated,
	// webhook or stripe.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Provider string `json:"provider,omitempty"`

	// circuit says whether the provider is called, set by the operator when that
	// changes.
	// +optional
	Circuit ProviderCircuit `json:"circuit,omitzero"`
}

// PaymentGatewayList is a list of PaymentGateways.
//
// +kubebuilder:object:root=true
type PaymentGatewayList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the PaymentGateways.
	Items []PaymentGateway `json:"items"`
}
