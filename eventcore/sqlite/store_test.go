// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func openStore(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	return openStoreWith(t, path, sqlite.Options{})
}

func openStoreWith(t *testing.T, path string, options sqlite.Options) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, options)
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

// indexing runs the test with an index by stream that is never written, for want of events, and with one that lies a
// little behind.
func indexing(t *testing.T, test func(t *testing.T, options sqlite.Options)) {
	t.Helper()
	for _, every := range []int{0, 2} {
		t.Run(fmt.Sprintf("indexed every %d", every), func(t *testing.T) {
			test(t, sqlite.Options{IndexEvery: every})
		})
	}
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	indexing(t, func(t *testing.T, options sqlite.Options) {
		t.Helper()
		storetest.Run(t, func(t *testing.T) eventcore.Store {
			t.Helper()
			return openStoreWith(t, filepath.Join(t.TempDir(), "events.db"), options)
		})
	})
}

func TestTheStoreSurvivesBeingReopened(t *testing.T) {
	indexing(t, func(t *testing.T, options sqlite.Options) {
		t.Helper()
		storetest.RunReopen(t, func(t *testing.T, dir string) eventcore.Store {
			t.Helper()
			return openStoreWith(t, filepath.Join(dir, "events.db"), options)
		})
	})
}
