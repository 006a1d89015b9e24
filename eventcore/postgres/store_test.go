// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
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

func TestTheStoreKeepsTheContractWithoutPreparedStatements(t *testing.T) {
	for _, mode := range []string{"cache_describe", "describe_exec", "exec"} {
		t.Run(mode, func(t *testing.T) {
			dsn := server.Database(t) + "&default_query_exec_mode=" + mode
			storetest.Run(t, opener(dsn, postgres.Options{}))
		})
	}
}
