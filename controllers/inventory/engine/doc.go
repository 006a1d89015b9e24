// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package engine is the inventory service without Kubernetes: it records the supply of products, reserves all items of
// an order at once or none, and releases them when the order is compensated.
package engine
