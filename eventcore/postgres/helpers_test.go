// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
)

func pending(data string, streams ...eventcore.StreamID) eventcore.Event {
	event := eventcore.Event{ID: uuid.Must(uuid.NewV7()), Type: "Tested", SchemaVersion: 1, Data: []byte(data)}
	for _, stream := range streams {
		event.Streams = append(event.Streams, eventcore.Membership{Stream: stream})
	}
	return event
}

func appendEvents(ctx context.Context, store *postgres.Store, events ...eventcore.Event) (eventcore.Appended, error) {
	return store.Append(ctx, eventcore.AppendRequest{ID: uuid.New(), Events: events})
}

func mustAppend(t *testing.T, store *postgres.Store, events ...eventcore.Event) eventcore.Appended {
	t.Helper()
	appended, err := appendEvents(t.Context(), store, events...)
	if err != nil {
		t.Fatal(err)
	}
	return appended
}

func expectHead(t *testing.T, store *postgres.Store, want eventcore.Position) {
	t.Helper()
	if head, err := store.Head(t.Context()); err != nil || head != want {
		t.Errorf("head %d, %v; want %d", head, err, want)
	}
}

// readAll reads the log, which must have no gaps in positions and versions.
func readAll(t *testing.T, store *postgres.Store) []eventcore.Event {
	t.Helper()
	var events []eventcore.Event
	versions := map[eventcore.StreamID]eventcore.Version{}
	for event, err := range store.Read(t.Context(), eventcore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
		if event.Position != eventcore.Position(len(events)) {
			t.Fatalf("event %d is at position %d", len(events), event.Position)
		}
		for _, membership := range event.Streams {
			versions[membership.Stream]++
			if membership.Version != versions[membership.Stream] {
				t.Fatalf("position %d: %+v, want version %d", event.Position, membership, versions[membership.Stream])
			}
		}
	}
	return events
}

// followAll subscribes until it has seen count events, without gaps.
func followAll(t *testing.T, store *postgres.Store, count int) []eventcore.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var events []eventcore.Event
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			t.Fatalf("after %d events: %v", len(events), err)
		}
		for _, event := range batch.Events {
			events = append(events, event)
			if event.Position != eventcore.Position(len(events)) {
				t.Fatalf("event %d is at position %d", len(events), event.Position)
			}
		}
		if len(events) >= count {
			break
		}
	}
	return events
}

// appendGuarded appends count events, each with what its guards were when it was decided.
func appendGuarded(ctx context.Context, store *postgres.Store, count, seed int) error {
	for written := 0; written < count; {
		held, head, err := readGuards(ctx, store)
		if err != nil {
			return err
		}
		data, err := json.Marshal(held)
		if err != nil {
			return err
		}
		event := pending(string(data), held[(written+seed)%len(held)].Stream)
		_, err = store.Append(ctx, eventcore.AppendRequest{
			ID: uuid.New(), Head: head, Guards: held, Events: []eventcore.Event{event},
		})
		switch {
		case err == nil:
			written++
		case !errors.Is(err, eventcore.ErrConflict):
			return err
		}
	}
	return nil
}

// readGuards returns the versions of two streams, and the head at which they hold.
func readGuards(ctx context.Context, store *postgres.Store) ([]eventcore.Guard, eventcore.Position, error) {
	held := []eventcore.Guard{{Stream: "left"}, {Stream: "right"}}
	head := eventcore.Position(0)
	for event, err := range store.Read(ctx, eventcore.Query{}) {
		if err != nil {
			return nil, 0, err
		}
		for i := range held {
			if version, found := event.VersionIn(held[i].Stream); found {
				held[i].Version = version
			}
		}
		head = event.Position
	}
	return held, head, nil
}

// expectGuardsHeld replays what appendGuarded has written.
func expectGuardsHeld(t *testing.T, events []eventcore.Event) {
	t.Helper()
	versions := map[eventcore.StreamID]eventcore.Version{}
	for _, event := range events {
		var held []eventcore.Guard
		if err := json.Unmarshal(event.Data, &held); err != nil {
			t.Fatal(err)
		}
		for _, guard := range held {
			if versions[guard.Stream] != guard.Version {
				t.Errorf("position %d: %s was at %d, not at %d: a lost conflict",
					event.Position, guard.Stream, versions[guard.Stream], guard.Version)
			}
		}
		versions[event.Streams[0].Stream]++
	}
}

// appendForEver prints the last position of every append that the store has acknowledged.
func appendForEver(ctx context.Context, store *postgres.Store) error {
	for number := 0; ; number++ {
		own := eventcore.StreamID(fmt.Sprintf("order-%d", number%7))
		appended, err := appendEvents(ctx, store, pending("{}", own, "all"), pending("{}", "all"))
		if err != nil {
			return err
		}
		fmt.Println(appended.Events[1].Position)
	}
}

// lockHead holds the head row's lock, as another process would, until the function is called.
func lockHead(t *testing.T, dsn string) (unlock func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM eventcore.head FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	return func() {
		_ = tx.Rollback(ctx)
		_ = conn.Close(ctx)
	}
}
