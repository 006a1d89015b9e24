// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package inventory is the inventory service's room in Kubernetes. One controller steps the engine for orders; another, for
// Products, records their supply and projects their stock into their status, whose only writer it is.
package inventory
