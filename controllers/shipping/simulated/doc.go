// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simulated is a carrier for trials and tests: it moves no goods, keeps its books in a ledger, and misbehaves as the name in
// the address tells it to.
//
//   - SIM REFUSE is refused.
//   - SIM LOST gets a shipment, and the answer is lost.
//   - SIM SLOW gets a shipment, and the answer takes a second.
//
// Anybody else gets a shipment.
package simulated
