// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// RunReopen holds a durable store to what survives closing it. Each call of open opens the store that lives in dir,
// a folder that is empty at first.
func RunReopen(t *testing.T, open func(t *testing.T, dir string) eventcore.Store) {
	t.Helper()
	t.Run("events, versions, read models and the identity survive", func(t *testing.T) {
		dir := t.TempDir()
		store := open(t, dir)
		want := write(t, store, event("a", "b"), event("a"), typed("Other", "stock's/ü"))
		update(t, model(t, store, "orders"), 0, 2, set("a", "1"))
		identity := store.Identity()
		for round := range 3 {
			store = reopen(t, store, func() eventcore.Store { return open(t, dir) })
			if store.Identity() != identity {
				t.Errorf("round %d: identity %+v, want %+v", round, store.Identity(), identity)
			}
			if position := head(t, store); position != want[len(want)-1].Position {
				t.Errorf("round %d: head %d, want %d", round, position, len(want))
			}
			expectEvents(t, "after opening again", read(t, store, eventcore.Query{}), want)
			expectEvents(t, "subscription", follow(t, store, 0, streams("b"), head(t, store)), want[:1])
			expectModel(t, model(t, store, "orders"), 2, "a", "1")
			want = append(want, write(t, store, event("a"))...)
		}
		expectDense(t, read(t, store, eventcore.Query{}), 6)
		closeStore(t, store)
	})
	t.Run("guards hold and fail as before", func(t *testing.T) {
		dir := t.TempDir()
		store := open(t, dir)
		write(t, store, event("a"), event("a"))
		store = reopen(t, store, func() eventcore.Store { return open(t, dir) })
		_, err := try(t.Context(), store, guards(guard("a", 1)), event("b"))
		expectRefusal(t, store, err, eventcore.ErrConflict, 2)
		if _, err := try(t.Context(), store, guards(guard("a", 2), guard("b", 0)), event("b")); err != nil {
			t.Errorf("current guards: %v", err)
		}
		closeStore(t, store)
	})
	t.Run("two stores have two identities", func(t *testing.T) {
		one, other := open(t, t.TempDir()), open(t, t.TempDir())
		if one.Identity() == other.Identity() {
			t.Errorf("both are %+v", one.Identity())
		}
		closeStore(t, one)
		closeStore(t, other)
	})
}

func reopen(t *testing.T, store eventcore.Store, open func() eventcore.Store) eventcore.Store {
	t.Helper()
	closeStore(t, store)
	return open()
}

func closeStore(t *testing.T, store eventcore.Store) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
