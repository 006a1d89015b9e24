// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Order is a customer's order. Creating one has it carried out: the stock of
// all its items is reserved, the payment is taken and the shipment is created;
// when a step is refused, what was done before is undone.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:resource:shortName=ord,categories=commerce
// +kubebuilder:selectablefield:JSONPath=`.spec.customer.id`
// +kubebuilder:selectablefield:JSONPath=`.status.outcome`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Total",type=string,JSONPath=`.status.total`
// +kubebuilder:printcolumn:name="Charged",type=string,JSONPath=`.status.charged`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Refunded",type=string,JSONPath=`.status.refunded`,priority=1
// +kubebuilder:printcolumn:name="Customer",type=string,JSONPath=`.spec.customer.id`,priority=1
// +kubebuilder:printcolumn:name="Tracking",type=string,JSONPath=`.status.shipment.trackingNumber`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="metadata.name must be no longer than 63 characters: choose a shorter name"
// +kubebuilder:validation:XValidation:rule="self.spec.attempt == oldSelf.spec.attempt || (has(oldSelf.status) && has(oldSelf.status.outcome) && oldSelf.status.outcome in ['Cancelled', 'Rejected'])",message="attempt can only be raised once status.outcome is Cancelled or Rejected: wait for the end, or cancel the order first",fieldPath=".spec.attempt"
// +kubebuilder:validation:XValidation:rule="has(oldSelf.spec.cancellation) || !has(self.spec.cancellation) || !has(oldSelf.status) || !has(oldSelf.status.outcome)",message="the order has ended and can't be cancelled any more: leave cancellation out",fieldPath=".spec.cancellation"
type Order struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard metadata of an object. The name, of at most 63
	// characters, is the order's identity within its namespace: an order of the
	// same name and content is never carried out twice.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says what is ordered, by whom, how it is paid and where it goes, which
	// is immutable, and what is to become of the order, which is not.
	// +required
	Spec OrderSpec `json:"spec,omitzero"`

	// status says how far the order is, set by the operator.
	// +optional
	// +default={"conditions": [{"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "Waiting for the order controller", "lastTransitionTime": "1970-01-01T00:00:00Z"}]}
	Status OrderStatus `json:"status,omitzero"`
}

// OrderSpec says what is ordered. Its prices are the contract: they are
// charged as they stand here.
//
// +kubebuilder:validation:XValidation:rule="has(self.activeDeadlineSeconds) == has(oldSelf.activeDeadlineSeconds) && (!has(self.activeDeadlineSeconds) || self.activeDeadlineSeconds == oldSelf.activeDeadlineSeconds)",message="immutable: the deadline was fixed when the order was created",fieldPath=".activeDeadlineSeconds"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.cancellation) || has(self.cancellation) || self.attempt > oldSelf.attempt",message="a cancellation can't be withdrawn: once the order has ended, raise attempt and leave cancellation out to start it again",fieldPath=".cancellation"
// +kubebuilder:validation:XValidation:rule="self.attempt == oldSelf.attempt || (!has(self.cancellation) && !has(self.resolution))",message="the update that raises attempt must leave cancellation and resolution out: they belong to the attempt before",fieldPath=".attempt"
// +kubebuilder:validation:XValidation:rule="self.currency in ['BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'] ? self.items.all(i, !i.unitPrice.contains('.')) : (self.currency in ['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'] || self.items.all(i, !i.unitPrice.matches('[.][0-9]{3}$')))",messageExpression="'unitPrice has more decimals than ' + self.currency + ' has: write for example 1500 JPY, 15.00 USD or 15.000 KWD'",fieldPath=".items"
type OrderSpec struct {
	// customer is who orders. It is immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="immutable: create an Order under a new name"
	Customer Customer `json:"customer,omitzero"`

	// currency is the currency of all prices of the order: three capital letters,
	// an active code of ISO 4217 whose minor unit has at most three decimals. It
	// is immutable.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	// +kubebuilder:validation:XValidation:rule="self in ['AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BHD', 'BIF', 'BMD', 'BND', 'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CLP', 'CNY', 'COP', 'COU', 'CRC', 'CUP', 'CVE', 'CZK', 'DJF', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GNF', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IQD', 'IRR', 'ISK', 'JMD', 'JOD', 'JPY', 'KES', 'KGS', 'KHR', 'KMF', 'KPW', 'KRW', 'KWD', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'LYD', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'OMR', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'PYG', 'QAR', 'RON', 'RSD', 'RUB', 'RWF', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TND', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'UGX', 'USD', 'USN', 'UYI', 'UYU', 'UZS', 'VED', 'VES', 'VND', 'VUV', 'WST', 'XAD', 'XAF', 'XCD', 'XCG', 'XOF', 'XPF', 'YER', 'ZAR', 'ZMW', 'ZWG']",message="must be an active ISO 4217 currency code in capital letters, such as USD, EUR or JPY"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="immutable: create an Order under a new name"
	Currency string `json:"currency,omitempty"`

	// items are what is ordered: 1 to 64 products, each named once. All of them
	// are reserved together or none. They are immutable.
	// +required
	// +listType=map
	// +listMapKey=productName
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="immutable: create an Order under a new name"
	Items []OrderItem `json:"items,omitempty"`

	// payment says how the order is paid. It is immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="immutable: create an Order under a new name"
	Payment OrderPayment `json:"payment,omitzero"`

	// shipping says where the goods go and who takes them there. It is immutable.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="immutable: create an Order under a new name"
	Shipping OrderShipping `json:"shipping,omitzero"`

	// activeDeadlineSeconds is how long the order may take, counted from when it
	// is recorded: 1 second to 7 days. An order that is not completed by then is
	// undone and cancelled, suspended or not. Its default is 3600, one hour. It is
	// immutable.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=604800
	ActiveDeadlineSeconds int32 `json:"activeDeadlineSeconds,omitempty"`

	// attempt numbers the attempts to carry this order out. Its default is 1 and
	// it only rises. Raise it to start the order again, with a payment of its own,
	// once it has ended Cancelled or Rejected and everything was undone. The
	// update that raises it must leave cancellation and resolution out.
	// +optional
	// +default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:XValidation:rule="self >= oldSelf",message="attempt only rises: leave it as it is, or raise it to start the order again"
	Attempt int32 `json:"attempt,omitempty"`

	// cancellation asks for the order to be undone and cancelled. It can't be
	// withdrawn, and has no effect once the goods have left. An order that has
	// ended can't be cancelled.
	// +optional
	Cancellation OrderCancellation `json:"cancellation,omitempty"`

	// suspend stops the order before its next step until it is false again. What
	// is under way is finished, what is being undone is undone, and the deadline
	// keeps running. Its default is false.
	// +optional
	Suspend *bool `json:"suspend,omitempty"`

	// resolution is what a person has decided about an order that needs attention.
	// Whoever sets it needs the permission to update orders/resolve. An answer to
	// another question than the one in status.attention has no effect.
	// +optional
	Resolution OrderResolution `json:"resolution,omitzero"`

	// ttlSecondsAfterFinished has the Order deleted so many seconds after it has
	// ended, or after it was created if that is later; 0 is at once. Its events
	// are kept, and an Order of the same name and content is not carried out
	// again. By default it is never deleted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`
}

// Customer is who orders.
type Customer struct {
	// id is the customer's identifier in the system that creates the order: 1 to
	// 63 printable ASCII characters without spaces. Orders can be listed by it:
	// kubectl get orders --field-selector spec.customer.id=ID.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[!-~]+$`
	ID string `json:"id,omitempty"`

	// email is the address that providers may write to about this order. By
	// default they are given none.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^@\s]+@[^@\s]+$`
	Email string `json:"email,omitempty"`
}

// OrderItem is a number of units of one product at one price.
type OrderItem struct {
	// productName is the name of a Product in the Order's namespace. While there
	// is none of that name, the order waits for it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	ProductName string `json:"productName,omitempty"`

	// quantity is the number of units, 1 to 100000.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Quantity int32 `json:"quantity,omitempty"`

	// unitPrice is the price of one unit in the order's currency, as a decimal
	// string such as "1200.00": at most nine digits, and no more decimals than the
	// currency's minor unit has.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=13
	// +kubebuilder:validation:Pattern=`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?$`
	UnitPrice string `json:"unitPrice,omitempty"`
}

// CaptureMode says when the money is taken.
//
// +kubebuilder:validation:Enum=Immediate;OnShipment
type CaptureMode string

const (
	// CaptureImmediate takes the money in one go, before the shipment is created.
	CaptureImmediate CaptureMode = "Immediate"

	// CaptureOnShipment only sets the money aside before the shipment is created,
	// and takes it afterwards.
	CaptureOnShipment CaptureMode = "OnShipment"
)

// OrderPayment says how an order is paid. The rule on the token stands here
// and not on the token, because an error of a rule on a string repeats the
// string.
//
// +kubebuilder:validation:XValidation:rule="!self.token.matches('^ *[0-9][0-9 ._-]{10,22}[0-9] *$')",message="must be a token of the payment provider, never a card number: let the provider make a token of the card",fieldPath=".token",reason=FieldValueForbidden
type OrderPayment struct {
	// gatewayName is the name of the PaymentGateway that takes the payment. Its
	// default is default. While there is none of that name, the order waits for
	// it.
	// +optional
	// +default="default"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	GatewayName string `json:"gatewayName,omitempty"`

	// token is the payment provider's reference to the customer's means of
	// payment, 1 to 255 characters, never a card number. It stays in this field:
	// the operator writes it into no status, event or log.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	Token string `json:"token,omitempty"`

	// captureMode says when the money is taken. Immediate, the default, takes it
	// before the shipment is created and refunds it if the carrier refuses.
	// OnShipment sets it aside before, takes it once the shipment is created, and
	// only gives it free if the carrier refuses.
	// +optional
	// +default="Immediate"
	CaptureMode CaptureMode `json:"captureMode,omitempty"`
}

// OrderShipping says where an order goes.
type OrderShipping struct {
	// carrierName is the name of the Carrier that ships the goods. Its default is
	// default. While there is none of that name, the order waits for it.
	// +optional
	// +default="default"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	CarrierName string `json:"carrierName,omitempty"`

	// address is where the goods go.
	// +required
	Address Address `json:"address,omitzero"`
}

// Address is a postal address.
type Address struct {
	// name is the person or the company to deliver to.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name,omitempty"`

	// lines are the street and whatever else stands between the name and the city:
	// 1 to 3 lines, in the order in which they are printed.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	Lines []string `json:"lines,omitempty"`

	// city is the town or the city.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	City string `json:"city,omitempty"`

	// postalCode is the postal code as the country writes it. Leave it out where
	// there is none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=16
	PostalCode string `json:"postalCode,omitempty"`

	// country is the two-letter code of the country in capital letters (ISO 3166-1
	// alpha-2), such as DE.
	// +required
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=2
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}$`
	Country string `json:"country,omitempty"`
}
