// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kube is what the reconcilers share of controller-runtime: sources that enqueue what the feed touches, the
// reconciler of a service that needs nothing of Kubernetes but the queue, the options of all controllers, and the upkeep of
// the objects that stand for providers: their credentials, finalizers and statuses.
package kube
