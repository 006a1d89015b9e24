// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simulated is a payment provider for trials and tests: it moves no money, keeps its books in a ledger, and
// misbehaves as the payment token tells it to. Where the money is authorised first, "takes" means that it is set aside.
//
//   - sim_approve takes the money.
//   - sim_decline and sim_insufficient_funds are refused.
//   - sim_lost_reply takes the money, and the answer is lost.
//   - sim_fail_N fails N times, before it takes the money.
//   - sim_slow_SECONDS takes the money, and the answer comes late.
//   - sim_capture_refused and sim_void_refused set the money aside, and then refuse to take it, or to give it back.
//   - sim_capture_lost and sim_void_lost do it, and the answer is lost.
//   - sim_refund_refused takes the money and does not return it.
//   - sim_refund_lost returns it, and the answer is lost.
//
// Any other token is refused.
package simulated
