// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory_test

import (
	"slices"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func TestSeveralUsersShareTheStore(t *testing.T) {
	storetest.RunHandles(t, func(_ *testing.T, handles int) []eventcore.Store {
		return slices.Repeat([]eventcore.Store{memory.New(memory.Options{})}, handles)
	})
}
