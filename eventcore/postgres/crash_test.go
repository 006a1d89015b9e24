// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
)

func TestAcknowledgedAppendsSurviveACrashOfTheServerAndTheOthersAreFoundOut(t *testing.T) {
	own, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	dsn := own.Database(t)
	patient := postgres.Options{Patience: time.Minute}
	stores := []*postgres.Store{openStore(t, dsn, patient), openStore(t, dsn, patient)}
	log := &acknowledgements{at: map[eventcore.Position]uuid.UUID{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writers sync.WaitGroup
	for writer := range 8 {
		writers.Go(func() { log.write(ctx, t, stores[writer%2], eventcore.StreamID(fmt.Sprintf("writer-%d", writer))) })
	}
	for range 3 {
		log.await(t, 200)
		own.Crash()
		if err := own.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	log.await(t, 200)
	stop()
	writers.Wait()
	events := readAll(t, stores[0])
	for position, id := range log.at {
		if int(position) > len(events) || events[position-1].ID != id {
			t.Fatalf("the append acknowledged at %d is not there", position)
		}
	}
	seen := map[uuid.UUID]bool{}
	for _, event := range events {
		if seen[event.ID] {
			t.Fatalf("position %d: the event is there twice", event.Position)
		}
		seen[event.ID] = true
	}
	if extra := len(events) - len(log.at); extra > 8 {
		t.Errorf("%d events are there that nobody was told of; only the 8 that were cut off at the end could be", extra)
	}
	followAll(t, stores[1], len(events))
}

// acknowledgements are what stores have said to be at a position.
type acknowledgements struct {
	mu    sync.Mutex
	at    map[eventcore.Position]uuid.UUID
	count atomic.Int64
}

// write appends until ctx ends. No append may fail before: the store finds out what became of it, and tries again.
func (a *acknowledgements) write(ctx context.Context, t *testing.T, store *postgres.Store, own eventcore.StreamID) {
	t.Helper()
	for ctx.Err() == nil {
		event := pending("{}", own, "all")
		appended, err := appendEvents(ctx, store, event)
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("append: %v", err)
			}
			return
		}
		a.mu.Lock()
		a.at[appended.Events[0].Position] = event.ID
		a.mu.Unlock()
		a.count.Add(1)
	}
}

// await returns when so many more appends have been acknowledged.
func (a *acknowledgements) await(t *testing.T, more int64) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for goal := a.count.Load() + more; a.count.Load() < goal && !t.Failed(); {
		select {
		case <-ticker.C:
		case <-time.After(2 * time.Minute):
			t.Fatalf("only %d of %d appends were acknowledged", a.count.Load(), goal)
		}
	}
}
