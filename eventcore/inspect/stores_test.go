// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// server is the one that all tests use, each store with a database of its own.
var server *pgtest.Server

func TestMain(m *testing.M) {
	if err := runTests(m); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runTests(m *testing.M) (err error) {
	if server, err = pgtest.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if m.Run() != 0 {
		return errors.New("the tests have failed")
	}
	return nil
}

// kinds opens, or creates, a store of each kind at a place that where makes.
var kinds = map[string]struct {
	where func(t *testing.T) string
	open  func(t *testing.T, where string, id uuid.UUID) (eventcore.Store, error)
}{
	"memory": {
		where: func(t *testing.T) string { t.Helper(); return "" },
		open: func(t *testing.T, _ string, id uuid.UUID) (eventcore.Store, error) {
			t.Helper()
			return memory.New(memory.Options{StoreID: id}), nil
		},
	},
	"sqlite": {
		where: func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "events.db") },
		open: func(t *testing.T, where string, id uuid.UUID) (eventcore.Store, error) {
			t.Helper()
			return sqlite.Open(t.Context(), where, sqlite.Options{StoreID: id, IndexEvery: 1})
		},
	},
	"postgres": {
		where: func(t *testing.T) string { t.Helper(); return server.Database(t) },
		open: func(t *testing.T, where string, id uuid.UUID) (eventcore.Store, error) {
			t.Helper()
			return postgres.Open(t.Context(), where, postgres.Options{StoreID: id})
		},
	},
}

// openAt opens a store that is closed with the test.
func openAt(t *testing.T, kind, where string, id uuid.UUID) eventcore.Store {
	t.Helper()
	store, err := kinds[kind].open(t, where, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func openNew(t *testing.T, kind string, id uuid.UUID) eventcore.Store {
	t.Helper()
	return openAt(t, kind, kinds[kind].where(t), id)
}
