// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"path/filepath"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// onEveryStore runs the test on an empty store of each kind that needs no server.
func onEveryStore(t *testing.T, test func(t *testing.T, store eventcore.Store)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, memory.New(memory.Options{})) })
	t.Run("sqlite", func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(t, store)
	})
}
