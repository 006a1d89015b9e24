// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simulated is a payment provider for trials and tests: it moves no money, keeps its books in a ledger, and misbehaves as
// the payment token tells it to.
//
//   - sim_approve takes the money.
//   - sim_decline and sim_insufficient_funds are refused.
//   - sim_lost_reply takes the money, and the answer is lost.
//   - sim_fail_N fails N times, before it takes the money.
//   - sim_slow_SECONDS takes the money, and the answer comes late.
//
// Any other token is refused.
package simulated
