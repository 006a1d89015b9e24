// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package payment is the payment service's room in Kubernetes. One controller steps the engine for orders; another, for
// PaymentGateways, says in their status whether orders can use them. Gateways and Tokens give the engine what it needs of
// Kubernetes: the gateways' configuration from the cache, and an order's payment token by a live read.
package payment
