// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func TestTheStoreKeepsTheContractThroughPgBouncer(t *testing.T) {
	through := server.Pooler(t)
	storetest.Run(t, opener(through(server.Database(t)), postgres.Options{}))
	storetest.RunFence(t, opener(through(server.Database(t)), postgres.Options{}))
	storetest.RunCommands(t, opener(through(server.Database(t)), postgres.Options{}))
}

// expectNews says that a subscriber of one store sees at once what another appends: the slow poll would take too long.
func expectNews(t *testing.T, subscribed, appending *postgres.Store) {
	t.Helper()
	const rounds = 30
	mustAppend(t, appending, pending("{}", "a"))
	seen := 0
	start := time.Now()
	for batch, err := range subscribed.Subscribe(t.Context(), 0, eventcore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen += len(batch.Events); seen == rounds {
			break
		}
		mustAppend(t, appending, pending("{}", "a"))
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("%d events took %s", rounds, took)
	}
}

func TestBehindPgBouncerSubscribersPollTheHead(t *testing.T) {
	dsn := server.Pooler(t)(server.Database(t))
	expectNews(t, openStore(t, dsn, postgres.Options{}), openStore(t, dsn, postgres.Options{}))
}

func TestSubscribersListenOnADirectConnection(t *testing.T) {
	dsn := server.Database(t)
	never := postgres.Options{PollInterval: math.MaxInt64}
	expectNews(t, openStore(t, dsn, never), openStore(t, dsn, never))
}

func TestAForgedNotificationMakesNobodySkipAnEvent(t *testing.T) {
	dsn := server.Database(t)
	store := openStore(t, dsn, postgres.Options{})
	mustAppend(t, store, pending("{}", "a"))
	seen := 0
	for batch, err := range store.Subscribe(t.Context(), 0, eventcore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen += len(batch.Events); batch.Through != eventcore.Position(seen) {
			t.Fatalf("through %d after %d events", batch.Through, seen)
		}
		if seen == 5 {
			break
		}
		pgtest.Exec(t, dsn, "NOTIFY eventcore, '1000'", "NOTIFY eventcore, 'nonsense'")
		mustAppend(t, openStore(t, dsn, postgres.Options{}), pending("{}", "a"))
	}
}

func TestSubscribersListenPastPgBouncerIfTheyAreShownTheWay(t *testing.T) {
	direct := server.Database(t)
	through := server.Pooler(t)
	never := postgres.Options{PollInterval: math.MaxInt64, ListenDSN: direct}
	expectNews(t, openStore(t, through(direct), never), openStore(t, through(direct), postgres.Options{}))
	other := server.Database(t)
	openStore(t, other, postgres.Options{})
	for listen, want := range map[string]string{
		through(direct):               "leads through a pooler too",
		other:                         "leads to another store",
		"postgres://u:p/hunter2@h:1/": "for listening: the DSN is not understood",
	} {
		_, err := postgres.Open(t.Context(), through(direct), postgres.Options{ListenDSN: listen})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
