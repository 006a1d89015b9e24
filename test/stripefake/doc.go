// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package stripefake behaves as Stripe's API does, as far as the operator uses it, and misbehaves on demand. It is for
// what stripe-mock can't do: PaymentIntents that remember their state, idempotency keys that replay and expire,
// declines, refunds, lost replies and requests that arrive late.
//
// It runs as a process of its own, on a SQLite file that outlives it, and that tests read as the independent witness of
// what was charged: Child is called in TestMain, Start starts the test's own binary as the fake.
//
// What it does was written down from Stripe's documentation. Requests are valid if stripe-mock, which has Stripe's
// OpenAPI specification, accepts them.
package stripefake
