// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func TestSeveralHandlesShareAFile(t *testing.T) {
	storetest.RunHandles(t, func(t *testing.T, handles int) []eventcore.Store {
		t.Helper()
		path := filepath.Join(t.TempDir(), "events.db")
		stores := make([]eventcore.Store, 0, handles)
		for range handles {
			stores = append(stores, openStore(t, path))
		}
		return stores
	})
}
