// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

func TestWithFaultsAStoreKeepsTheContractOfACustodian(t *testing.T) {
	stores := map[string]*Faults{}
	RunHistory(t, func(t *testing.T, dir string) eventcore.Store {
		t.Helper()
		if stores[dir] == nil {
			stores[dir], _ = newFaults(FaultOptions{})
		}
		return stores[dir]
	})
}

func TestAStoreThatIsNoCustodianIsNoneWithFaults(t *testing.T) {
	_, store := newFaults(FaultOptions{})
	plain := NewFaults(struct{ eventcore.Store }{store}, FaultOptions{})
	_, err := plain.AcceptRollback(t.Context())
	for _, err := range []error{plain.Bind(t.Context(), "a"), plain.Adopt(t.Context(), "a"), err} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v, want ErrUnsupported", err)
		}
	}
}

func TestACrashedProcessIsNoCustodianAnyMore(t *testing.T) {
	faults, store := newFaults(FaultOptions{})
	faults.Crash()
	_, err := faults.AcceptRollback(t.Context())
	for _, err := range []error{faults.Bind(t.Context(), "a"), faults.Adopt(t.Context(), "a"), err} {
		if !errors.Is(err, ErrCrashed) {
			t.Errorf("got %v, want ErrCrashed", err)
		}
	}
	if err := store.Bind(t.Context(), "b"); err != nil {
		t.Errorf("the crashed process has bound the store: %v", err)
	}
}
