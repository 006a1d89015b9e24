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

func TestTheStoreFindsOutWhatBecameOfAnAppend(t *testing.T) {
	storetest.RunFence(t, openEmpty)
}

func openEmpty(t *testing.T) eventcore.Store {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "events.db"))
}

func TestTheStoreRecordsCommandIDs(t *testing.T) {
	storetest.RunCommands(t, openEmpty)
}

func TestTheStoreKnowsItsHistory(t *testing.T) {
	storetest.RunHistory(t, func(t *testing.T, dir string) eventcore.Store {
		t.Helper()
		return openStore(t, filepath.Join(dir, "events.db"))
	})
}

func TestTheStoreSelectsByPatterns(t *testing.T) {
	indexing(t, func(t *testing.T, options sqlite.Options) {
		t.Helper()
		storetest.RunPatterns(t, func(t *testing.T) eventcore.Store {
			t.Helper()
			return openStoreWith(t, filepath.Join(t.TempDir(), "events.db"), options)
		})
	})
}
