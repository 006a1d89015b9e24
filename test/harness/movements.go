// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"iter"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/verify"
)

// kinds and states are what the ledger's are called by package verify.
var (
	kinds = map[ledger.Kind]verify.Kind{
		ledger.Charge: verify.Charge, ledger.Authorization: verify.Authorize, ledger.Capture: verify.Capture,
		ledger.Void: verify.Void, ledger.Refund: verify.Refund, ledger.Shipment: verify.Shipment,
		ledger.Cancellation: verify.Cancellation,
	}
	states = map[ledger.State]verify.State{
		ledger.Done: verify.Done, ledger.Refused: verify.Refused, ledger.Fenced: verify.Fenced,
	}
)

// Movements are the entries of the simulated providers' ledgers, as evidence.
func Movements(ctx context.Context, ledgers ...*ledger.Ledger) iter.Seq2[verify.Movement, error] {
	return func(yield func(verify.Movement, error) bool) {
		for _, book := range ledgers {
			for entry, err := range book.Entries(ctx) {
				if !yield(movementOf(entry), err) || err != nil {
					return
				}
			}
		}
	}
}

func movementOf(entry ledger.Entry) verify.Movement {
	return verify.Movement{
		Kind: kinds[entry.Kind], Key: entry.Key, Correlation: entry.Correlation, State: states[entry.State],
		Amount: entry.Amount, Requests: entry.Requests,
	}
}
