// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// PlainHTTP says whether unencrypted HTTP may leave the operator's machine.
//
// +kubebuilder:validation:Enum=Allowed
type PlainHTTP string

const (
	// PlainHTTPAllowed lets it, although nothing tells whose the replies are.
	PlainHTTPAllowed PlainHTTP = "Allowed"
)

// WebhookProvider is an HTTP service that keeps the contract of the manual's
// page on writing a provider.
//
// +kubebuilder:validation:XValidation:rule="self.url == oldSelf.url",message="immutable: what was done at one address can only be undone there; create an object under a new name",fieldPath=".url"
type WebhookProvider struct {
	// url is where the paths of the contract begin, such as
	// https://provider.example.com/orders: without a user, a password or a query.
	// It is immutable.
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^https?://[^@?#\s]+$`
	URL string `json:"url,omitempty"`

	// credentialsSecretName is the name of a Secret in the operator's namespace.
	// Its key secret holds the bytes that sign requests, at least 16, as they
	// stand; its key ca.crt, if it has one, the certificates of the authorities to
	// trust instead of the system's. It is read whenever it is used.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	CredentialsSecretName string `json:"credentialsSecretName,omitempty"`

	// plainHTTP set to Allowed lets a url that begins with http:// lead to another
	// machine, where anybody between can read and change what is said. By default
	// only this machine is reached so.
	// +optional
	PlainHTTP PlainHTTP `json:"plainHTTP,omitempty"`
}

// StripeProvider is an account at Stripe. Which one it is, the key says: keep
// the account when the key is changed, because refunds must reach it.
//
// +kubebuilder:validation:XValidation:rule="has(self.url) == has(oldSelf.url) && (!has(self.url) || self.url == oldSelf.url)",message="immutable: create a PaymentGateway under a new name",fieldPath=".url"
type StripeProvider struct {
	// credentialsSecretName is the name of a Secret in the operator's namespace,
	// whose key secretKey holds the account's secret or restricted API key. It is
	// read whenever it is used.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	CredentialsSecretName string `json:"credentialsSecretName,omitempty"`

	// url is the address of an API that stands in for Stripe's own, such as a fake
	// in tests, without /v1. Its default is Stripe's. It is immutable.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(https://[^@?#\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)$`
	URL string `json:"url,omitempty"`
}
