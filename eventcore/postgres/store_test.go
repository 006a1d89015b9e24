// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func openStore(tb testing.TB, dsn string, options postgres.Options) *postgres.Store {
	tb.Helper()
	store, err := postgres.Open(tb.Context(), dsn, options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return store
}

// opener opens each store in a schema of its own, which is much faster than a database of its own.
func opener(dsn string, options postgres.Options) func(t *testing.T) eventcore.Store {
	schemas := atomic.Int64{}
	return func(t *testing.T) eventcore.Store {
		t.Helper()
		own := options
		own.Schema = fmt.Sprintf("store %d", schemas.Add(1))
		return openStore(t, dsn, own)
	}
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, opener(server.Database(t), postgres.Options{}))
}

func TestTheStoreSurvivesBeingReopened(t *testing.T) {
	dsn := server.Database(t)
	storetest.RunReopen(t, func(t *testing.T, dir string) eventcore.Store {
		t.Helper()
		schema := uuid.NewSHA1(uuid.Nil, []byte(dir)).String()
		return openStore(t, dsn, postgres.Options{Schema: schema})
	})
}

func TestTheStoreFindsOutWhatBecameOfAnAppend(t *testing.T) {
	storetest.RunFence(t, opener(server.Database(t), postgres.Options{}))
}

func TestTheStoreRecordsCommandIDs(t *testing.T) {
	storetest.RunCommands(t, opener(server.Database(t), postgres.Options{}))
}

func TestTheStoreSelectsByPatterns(t *testing.T) {
	storetest.RunPatterns(t, opener(server.Database(t), postgres.Options{}))
}

func TestTheStoreKnowsItsHistory(t *testing.T) {
	dsn := server.Database(t)
	storetest.RunHistory(t, func(t *testing.T, dir string) eventcore.Store {
		t.Helper()
		schema := uuid.NewSHA1(uuid.Nil, []byte(dir)).String()
		return openStore(t, dsn, postgres.Options{Schema: schema})
	})
}

func TestAStoreThatWasRolledBackIsNotWrittenToAnyMore(t *testing.T) {
	dsn := server.Database(t)
	store := openStore(t, dsn, postgres.Options{})
	mustAppend(t, store, pending("{}", "a"), pending("{}", "a"))
	// What a backup of an empty store would bring back.
	pgtest.Exec(t, dsn, "SET session_replication_role = replica",
		"ALTER TABLE eventcore.events DISABLE TRIGGER ALL", "ALTER TABLE eventcore.memberships DISABLE TRIGGER ALL",
		"DELETE FROM eventcore.events", "DELETE FROM eventcore.memberships", "UPDATE eventcore.head SET position = 0")
	if _, err := appendEvents(t.Context(), store, pending("{}", "a")); !errors.Is(err, eventcore.ErrRolledBack) {
		t.Errorf("append: %v, want ErrRolledBack", err)
	}
	if _, err := store.Head(t.Context()); !errors.Is(err, eventcore.ErrRolledBack) {
		t.Errorf("head: %v, want ErrRolledBack", err)
	}
}

func TestSeveralHandlesShareADatabase(t *testing.T) {
	storetest.RunHandles(t, func(t *testing.T, handles int) []eventcore.Store {
		t.Helper()
		dsn := server.Database(t)
		stores := make([]eventcore.Store, 0, handles)
		for range handles {
			stores = append(stores, openStore(t, dsn, postgres.Options{}))
		}
		return stores
	})
}

// A process that has lost a race learns what it has missed with the lock that it takes then, new streams included, and
// however much it is.
func TestWhoHasLostARaceIsToldWhatTheOthersHaveAppended(t *testing.T) {
	dsn := server.Database(t)
	one, other := openStore(t, dsn, postgres.Options{}), openStore(t, dsn, postgres.Options{})
	many := make([]eventcore.Event, 600) // more than are read with the lock held
	for i := range many {
		many[i] = pending("{}", "many")
	}
	for _, round := range []struct {
		name   string
		theirs []eventcore.Event
		tail   int
	}{
		{"nothing that both know", []eventcore.Event{pending("{}", "theirs", "both")}, 1},
		{"streams that both know", []eventcore.Event{pending("{}", "both"), pending("{}", "both", "mine")}, 2},
		{"too much to hold the lock", many, 0},
		{"a little again", []eventcore.Event{pending("{}", "many", "fresh")}, 1},
	} {
		before := mustAppend(t, one, pending("{}", "mine", "both")).Events[0].Position
		mustAppend(t, other, round.theirs...)
		appended, err := one.Append(t.Context(), eventcore.AppendRequest{
			ID: uuid.New(), Head: before, Events: []eventcore.Event{pending("{}", "mine", "both", "theirs", "many", "fresh")},
		})
		if err != nil || len(appended.Tail) != round.tail {
			t.Errorf("%s: %d events are told, %v; want %d", round.name, len(appended.Tail), err, round.tail)
		}
	}
	readAll(t, other) // versions have no gap
}

func TestTheStoreKeepsTheContractInTheModeForOldPoolers(t *testing.T) {
	dsn := server.Database(t) + "&default_query_exec_mode=exec"
	storetest.Run(t, opener(dsn, postgres.Options{}))
}
