// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package telemetry shows what the operator does: in metrics, in log lines, and in traces.
//
// What is said about orders comes from the events, whichever process has written them: Run follows the store and counts,
// logs and traces each event once, on the replica that works. What is said about the process itself, its store and the
// providers that it calls, comes from hooks: Committed, Executing and Asking. What is true at a moment (how many orders
// are open, whether a circuit is) is read when it is asked for, at a scrape.
//
// No label names an order, and nothing here holds a token, a credential or a customer's data. The package knows nothing
// of Kubernetes.
package telemetry
