// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory_test

import (
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func TestTheStoreFindsOutWhatBecameOfAnAppend(t *testing.T) {
	storetest.RunFence(t, openEmpty)
}

func openEmpty(*testing.T) eventcore.Store { return memory.New(memory.Options{}) }

func TestTheStoreRecordsCommandIDs(t *testing.T) {
	storetest.RunCommands(t, openEmpty)
}

func TestTheStoreKnowsItsHistory(t *testing.T) {
	stores := map[string]eventcore.Store{}
	storetest.RunHistory(t, func(t *testing.T, dir string) eventcore.Store {
		t.Helper()
		if stores[dir] == nil {
			stores[dir] = openEmpty(t)
		}
		return stores[dir]
	})
}

func TestTheStoreSelectsByPatterns(t *testing.T) {
	storetest.RunPatterns(t, openEmpty)
}
