// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package shipping is the shipping service's room in Kubernetes. One controller steps the engine for orders; another, for
// Carriers, says in their status whether orders can use them. Carriers gives the engine their configuration from the cache.
package shipping
