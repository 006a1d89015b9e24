// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the group and the version of every kind in this package.
	GroupVersion = schema.GroupVersion{Group: "commerce.eventcore.dev", Version: "v1"}

	// SchemeBuilder collects the functions that add the kinds of this package to a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme adds the kinds of this package to a scheme. It may be called more than once.
	AddToScheme = SchemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Order{}, &OrderList{},
		&Product{}, &ProductList{},
		&PaymentGateway{}, &PaymentGatewayList{},
		&Carrier{}, &CarrierList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
