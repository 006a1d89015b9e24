// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package engine is the shipping service without Kubernetes: it has shipments created for the orders that are paid and
// cancels those of the ones that are compensated, through the Provider of the carrier that the order names.
package engine
