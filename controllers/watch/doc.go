// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package watch runs the checker of package verify all the time, beside the services: every event is held against the
// rules as it is recorded, and every minute what should have happened by now. What is found is counted in a metric,
// logged, and told to the reconcilers of the order or product, who show it in their object's status.
//
// It writes nothing but its read model, and the services don't wait for it: an error of the checker stops no order. It
// knows nothing of Kubernetes.
package watch
