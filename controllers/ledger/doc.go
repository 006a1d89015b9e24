// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ledger is the memory of the simulated providers, and the witness of what they did: every charge, refund, shipment
// and cancellation, every refusal and every fence, by idempotency key. It is no part of the event store, so that
// tests and the demo can hold the one against the other.
//
// A ledger is one SQLite file, which any number of processes may have open at once. What was recorded outlives a killed process.
// It holds no payment token, no digest of one, and no address.
//
// Simulator is what the simulated providers have in common: it answers requests from the ledger, and misbehaves on demand.
package ledger
