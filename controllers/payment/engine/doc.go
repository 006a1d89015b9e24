// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package engine is the payment service without Kubernetes: it charges the orders whose stock is reserved and refunds
// the ones that are compensated, through the Provider of the gateway that the order names.
package engine
