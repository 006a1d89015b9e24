// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func openStore(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) eventcore.Store {
		t.Helper()
		return openStore(t, filepath.Join(t.TempDir(), "events.db"))
	})
}

func TestTheStoreSurvivesBeingReopened(t *testing.T) {
	storetest.RunReopen(t, func(t *testing.T, dir string) eventcore.Store {
		t.Helper()
		return openStore(t, filepath.Join(dir, "events.db"))
	})
}
