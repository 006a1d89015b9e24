// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Product is something that orders can reserve: how much of it was supplied,
// and how much of that is left. A Product has no price: the price is part of
// the Order.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion
// +kubebuilder:resource:shortName=prod,categories=commerce
// +kubebuilder:printcolumn:name="Available",type=integer,JSONPath=`.status.available`
// +kubebuilder:printcolumn:name="Reserved",type=integer,JSONPath=`.status.reserved`
// +kubebuilder:printcolumn:name="Shipped",type=integer,JSONPath=`.status.shipped`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="metadata.name must be no longer than 63 characters: choose a shorter name"
type Product struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard metadata of an object. The name is what Orders
	// refer to, in the same namespace, and has at most 63 characters.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says what was supplied. Its default is no supply: the product is known,
	// and out of stock.
	// +optional
	// +default={}
	Spec ProductSpec `json:"spec,omitzero"` //nolint:kubeapilinter // no pointer: {} and nothing mean the same

	// status says what is left, set by the operator at most about once a second.
	// +optional
	// +default={"conditions": [{"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "Waiting for the inventory controller", "lastTransitionTime": "1970-01-01T00:00:00Z"}]}
	Status ProductStatus `json:"status,omitzero"`
}

// ProductSpec says what was supplied of a product, as running totals per
// source.
//
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.supply) || has(self.supply)",message="a source can't be dropped: keep it, and raise removed to take its units out",fieldPath=".supply"
type ProductSpec struct {
	// supply lists the sources of the product, such as warehouses or vendors, set
	// by whoever runs them. The stock is the sum of received less removed over all
	// sources. Totals only rise, so that applying the same manifest twice supplies
	// nothing twice, and a source can't be dropped. Several writers can own one
	// source each under server-side apply.
	// +optional
	// +listType=map
	// +listMapKey=source
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="oldSelf.all(o, self.exists(s, s.source == o.source))",message="a source can't be dropped: keep it, and raise removed to take its units out"
	Supply []ProductSupply `json:"supply,omitempty"`
}

// ProductSupply is what one source has supplied of a product since its
// beginning.
type ProductSupply struct {
	// source is the name of the warehouse, vendor or the like, set by its owner
	// and unique within the Product.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[!-~]+$`
	Source string `json:"source,omitempty"`

	// received is the total number of units that ever came in from this source,
	// set by its owner. Raise it with every delivery; it can't be lowered.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000000000
	// +kubebuilder:validation:XValidation:rule="self >= oldSelf",message="received is a running total and can't be lowered: raise removed to take units out"
	Received *int64 `json:"received,omitempty"`

	// removed is the total number of units that were ever taken out other than by
	// an order, such as breakage or an error of counting, set by the source's
	// owner. Its default is 0; it can't be lowered.
	// +optional
	// +default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000000000
	// +kubebuilder:validation:XValidation:rule="self >= oldSelf",message="removed is a running total and can't be lowered: raise received to put units in"
	Removed *int64 `json:"removed,omitempty"`
}

// ProductStatus is the stock of a product as its events say.
//
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.history) || has(self.history)",message="history can't be removed once it is set: send it along with the status",fieldPath=".history"
// +kubebuilder:validation:MinProperties=1
type ProductStatus struct {
	// conditions of the Product, set by the operator: Ready; Oversubscribed while
	// more is reserved and shipped than is there; and Consistent, which is False
	// when the checker has found the stock to be wrong, and absent otherwise.
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

	// available is the number of units that orders can still reserve, set by the
	// operator. It is 0, not negative, while more is reserved than supplied.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Available *int64 `json:"available,omitempty"`

	// reserved is the number of units that open orders hold, set by the operator.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Reserved *int64 `json:"reserved,omitempty"`

	// shipped is the number of units that completed orders released to a carrier,
	// set by the operator. It only rises.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Shipped *int64 `json:"shipped,omitempty"`
}

// ProductList is a list of Products.
//
// +kubebuilder:object:root=true
type ProductList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the Products.
	Items []Product `json:"items"`
}
