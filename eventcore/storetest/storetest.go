// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"slices"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// Run holds a store to the contract. Each call of open returns an empty store of its own, which Run closes; a
// store that is closed already must accept that.
func Run(t *testing.T, open func(t *testing.T) eventcore.Store) {
	t.Helper()
	for _, contract := range contracts() {
		t.Run(contract.name, func(t *testing.T) {
			store := open(t)
			contract.check(t, store)
			if err := store.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	t.Run("a random history agrees with a model", func(t *testing.T) { runModel(t, open) })
}

// contract is one promise of a store. The check gets an empty store.
type contract struct {
	name  string
	check func(t reporter, store eventcore.Store)
}

// reporter is the part of testing.TB that checks use, so that the suite's own tests can see them fail.
type reporter interface {
	Helper()
	Errorf(format string, arguments ...any)
	Fatalf(format string, arguments ...any)
	Context() context.Context
}

func contracts() []contract {
	return slices.Concat(
		appendContracts(), requestContracts(), guardContracts(), hintContracts(), readContracts(), filterContracts(),
		subscribeContracts(), concurrencyContracts(), readModelContracts(),
	)
}
