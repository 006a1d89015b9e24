// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simulated is a carrier for trials and tests: it moves no goods, keeps its books in a ledger, and misbehaves as
// the name in the address tells it to.
//
//   - SIM REFUSE is refused.
//   - SIM LOST gets a shipment, and the answer is lost.
//   - SIM SLOW gets a shipment, and the answer takes a second.
//   - SIM DISPATCHED gets a shipment that leaves at once, and can't be cancelled any more.
//   - SIM CANCEL REFUSED gets a shipment whose cancellation is refused.
//   - SIM CANCEL LOST gets a shipment, and the answer to its cancellation is lost.
//
// Anybody else gets a shipment.
package simulated
