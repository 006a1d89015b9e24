// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

func TestAHistoryIsComparedWithWhatIsRemembered(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(1, "anna"))
		now := store.Identity()
		newer, err := store.(eventcore.Custodian).AcceptRollback(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, check := range []struct {
			what       string
			remembered eventcore.Identity
			seen       eventcore.Position
			want       error
		}{
			{"nothing is remembered", eventcore.Identity{}, 99, nil},
			{"the head was seen", newer, 1, nil},
			{"a position beyond the head was seen", newer, 2, eventcore.ErrRolledBack},
			{"it was seen in an older epoch", now, 2, nil},
			{"a later epoch was seen", eventcore.Identity{StoreID: now.StoreID, Epoch: 3}, 0, eventcore.ErrRolledBack},
			{"another store was seen", eventcore.Identity{StoreID: uuid.New(), Epoch: 2}, 0, eventcore.ErrOtherStore},
		} {
			err := eventcore.CheckHistory(t.Context(), store, check.remembered, check.seen)
			if !errors.Is(err, check.want) {
				t.Errorf("%s: got %v, want %v", check.what, err, check.want)
			}
		}
	})
}

// restored returns an executor that has seen three events of anna's, on a store that has been put back to one of them
// and, if the others still come in, one of ben's.
func restored(t *testing.T, others int) (*eventcore.Executor, *faulty) {
	t.Helper()
	store := newStore()
	executor := newExecutor(t, store)
	for range 3 {
		execute(t, executor, deposit(1, "anna"))
	}
	backup := memory.New(memory.Options{})
	other := newExecutor(t, backup)
	execute(t, other, deposit(1, "anna"))
	for range others {
		execute(t, other, deposit(1, "ben"))
	}
	store.Store = backup
	return executor, store
}

func TestAnExecutorStopsWhenItsStoreWasRolledBack(t *testing.T) {
	for name, notice := range map[string]func(executor *eventcore.Executor) error{
		"a view finds the head behind": func(executor *eventcore.Executor) error {
			_, err := eventcore.View[Account](t.Context(), executor, "ben")
			return err
		},
		"a command finds its stream behind": func(executor *eventcore.Executor) error {
			_, err := executor.Execute(t.Context(), deposit(1, "anna"))
			return err
		},
		"a command finds the head behind": func(executor *eventcore.Executor) error {
			// Its own stream is as it was. It stands, and is the last one.
			if _, err := executor.Execute(t.Context(), deposit(1, "carl")); err != nil {
				return err
			}
			_, err := executor.Execute(t.Context(), deposit(1, "carl"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			executor, store := restored(t, 0)
			if err := notice(executor); !errors.Is(err, eventcore.ErrRolledBack) {
				t.Errorf("got %v, want ErrRolledBack", err)
			}
			before := store.appends.Load()
			for _, command := range []eventcore.Command{deposit(1, "anna"), deposit(1, "new"), withdraw(9, "anna")} {
				if _, err := executor.Execute(t.Context(), command); !errors.Is(err, eventcore.ErrRolledBack) {
					t.Errorf("%+v: got %v, want ErrRolledBack", command, err)
				}
			}
			if _, err := eventcore.View[Account](t.Context(), executor, "anna"); !errors.Is(err, eventcore.ErrRolledBack) {
				t.Errorf("view: got %v, want ErrRolledBack", err)
			}
			if store.appends.Load() != before {
				t.Errorf("%d appends reached the store", store.appends.Load()-before)
			}
		})
	}
}

func TestARollbackIsFoundByAStreamThoughOthersHaveWrittenOn(t *testing.T) {
	executor, _ := restored(t, 10)
	if _, err := executor.Execute(t.Context(), deposit(1, "anna")); !errors.Is(err, eventcore.ErrRolledBack) {
		t.Errorf("got %v, want ErrRolledBack", err)
	}
}
