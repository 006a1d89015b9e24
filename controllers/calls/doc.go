// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package calls lets a service call the world outside without losing or doubling anything. It knows nothing of
// payments or shipments: a service describes each of its calls as an Operation, and an Engine carries them out.
//
// A call is made in three moves: the intent is recorded as an event with the idempotency key and a deadline; the
// provider is called; its answer is recorded. Only the process that recorded the intent calls. Whatever goes wrong in
// between leaves an intent without an outcome: after the deadline anybody closes it, by asking the provider for the
// key, and, if the provider has never seen the key, by fencing it, so that a call which is still on its way is refused.
//
// Calls run in a bounded pool, never on the goroutine that calls Step.
package calls
