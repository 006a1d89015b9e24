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

func TestSeveralHandlesShareAFile(t *testing.T) {
	indexing(t, func(t *testing.T, options sqlite.Options) {
		t.Helper()
		storetest.RunHandles(t, func(t *testing.T, handles int) []eventcore.Store {
			t.Helper()
			path := filepath.Join(t.TempDir(), "events.db")
			stores := make([]eventcore.Store, 0, handles)
			for range handles {
				stores = append(stores, openStoreWith(t, path, options))
			}
			return stores
		})
	})
}
