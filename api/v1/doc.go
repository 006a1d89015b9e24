// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1 is the API of the order operator: the custom resources of the group commerce.eventcore.dev,
// version v1, as a client in Go sees them.
//
// An [Order] is applied by a customer's application and carried to its end by the operator. A [Product] says how
// much of something was supplied; the operator answers how much of it is left. A [PaymentGateway] and a [Carrier]
// are cluster-wide: the platform's administrators declare them once, and Orders name them, as a claim names its
// StorageClass.
//
// Whoever uses an Order writes its spec: what is ordered is immutable, and a few fields are verbs that cancel, suspend,
// retry and resolve it. The operator alone writes its status, which is a projection of the events of the order. Nothing is ever decided from a status: it can be deleted and comes back.
//
// The package holds types and constants only and imports nothing but k8s.io/apimachinery. What is valid is said by
// the markers on the types, so that the API server refuses what is not, without a webhook. The lists of currencies
// in these markers are checked by the package's tests against the table that the operator calculates with.
//
// +kubebuilder:object:generate=true
// +groupName=commerce.eventcore.dev
// +versionName=v1
package v1
