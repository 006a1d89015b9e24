// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package engine is the order service without Kubernetes, and the saga's orchestrator: it alone creates, completes,
// turns round and cancels orders, and its clock alone decides about deadlines.
package engine
