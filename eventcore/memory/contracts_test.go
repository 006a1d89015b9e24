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
