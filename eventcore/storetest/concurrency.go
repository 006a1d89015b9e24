// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/eventcore/order-operator/eventcore"
)

func concurrencyContracts() []contract {
	return []contract{
		{"concurrent appends leave no gap in positions and versions", concurrentAppends},
		{"of concurrent appends at the same version exactly one succeeds", oneWinner},
		{"no conflict is lost, on written or on only read streams", noLostConflict},
		{"live subscribers see every event exactly once while 16 writers append", liveSubscribers},
		{"a reader that follows the position misses nothing while 16 writers append", followingReader},
	}
}

// concurrently runs work with the numbers 0 to count-1 at the same time and waits for all.
func concurrently(count int, work func(number int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for number := range count {
		group.Go(func() {
			<-start
			work(number)
		})
	}
	close(start)
	group.Wait()
}

// writeConcurrently has 16 writers append perWriter times to a stream of their own and to a shared one.
func writeConcurrently(t reporter, store eventcore.Store, perWriter int) {
	concurrently(16, func(writer int) {
		own := eventcore.StreamID(fmt.Sprintf("writer-%d", writer))
		for range perWriter {
			if _, err := try(t.Context(), store, nil, event(own, "shared"), event("shared")); err != nil {
				t.Errorf("writer %d: %v", writer, err)
				return
			}
		}
	})
}

func concurrentAppends(t reporter, store eventcore.Store) {
	writeConcurrently(t, store, 20)
	expectDense(t, read(t, store, eventcore.Query{}), 16*20*2)
}

// expectDense says that positions, and the versions in every stream, count up from 1.
func expectDense(t reporter, events []eventcore.Event, count int) {
	t.Helper()
	if len(events) != count {
		t.Errorf("%d events, want %d", len(events), count)
	}
	versions := map[eventcore.StreamID]eventcore.Version{}
	for i, event := range events {
		if event.Position != eventcore.Position(i+1) {
			t.Fatalf("event %d is at position %d", i+1, event.Position)
		}
		for _, membership := range event.Streams {
			versions[membership.Stream]++
			if membership.Version != versions[membership.Stream] {
				t.Fatalf("position %d: %+v, want version %d", event.Position, membership, versions[membership.Stream])
			}
		}
	}
}

func oneWinner(t reporter, store eventcore.Store) {
	for version := range eventcore.Version(20) {
		results := make([]error, 8)
		concurrently(len(results), func(number int) {
			_, results[number] = try(t.Context(), store, guards(guard("a", version)), event("a"))
		})
		winners := 0
		for _, err := range results {
			switch {
			case err == nil:
				winners++
			case !errors.Is(err, eventcore.ErrConflict):
				t.Errorf("the append failed with %v, want a conflict", err)
			}
		}
		if winners != 1 {
			t.Fatalf("%d appends at version %d succeeded, want 1", winners, version)
		}
	}
}

// noLostConflict has writers read two streams, and append to one of them what they have read. Replaying the log
// then shows whether each append's guards held at its place.
func noLostConflict(t reporter, store eventcore.Store) {
	ids := []eventcore.StreamID{"left", "right"}
	concurrently(8, func(number int) {
		for range 10 {
			if err := appendRead(t.Context(), store, ids, ids[number%2]); err != nil {
				t.Errorf("writer %d: %v", number, err)
				return
			}
		}
	})
	events := read(t, store, eventcore.Query{})
	expectDense(t, events, 8*10)
	versions := map[eventcore.StreamID]eventcore.Version{}
	for _, event := range events {
		var held []eventcore.Guard
		if err := json.Unmarshal(event.Data, &held); err != nil {
			t.Fatalf("payload of %d: %v", event.Position, err)
		}
		for _, guard := range held {
			if versions[guard.Stream] != guard.Version {
				t.Errorf("position %d was appended with %s at %d, but it was at %d: a lost conflict",
					event.Position, guard.Stream, guard.Version, versions[guard.Stream])
			}
		}
		versions[event.Streams[0].Stream]++
	}
}

// appendRead reads the streams and appends their versions to one of them, again and again until nothing conflicts.
func appendRead(ctx context.Context, store eventcore.Store, ids []eventcore.StreamID, target eventcore.StreamID) error {
	for {
		versions := map[eventcore.StreamID]eventcore.Version{}
		for event, err := range store.Read(ctx, eventcore.Query{Filter: streams(ids...)}) {
			if err != nil {
				return err
			}
			versions[event.Streams[0].Stream] = event.Streams[0].Version
		}
		held := make([]eventcore.Guard, 0, len(ids))
		for _, id := range ids {
			held = append(held, guard(id, versions[id]))
		}
		pending := event(target)
		var err error
		if pending.Data, err = json.Marshal(held); err != nil {
			return err
		}
		if _, err = try(ctx, store, held, pending); !errors.Is(err, eventcore.ErrConflict) {
			return err
		}
	}
}

func liveSubscribers(t reporter, store eventcore.Store) {
	const perWriter, total = 25, 16 * 25 * 2
	filters := []eventcore.Filter{
		{}, {}, streams("shared"), prefixes("writer-1"), streams("writer-3", "writer-4"), streams("never"),
	}
	got := make([][]eventcore.Event, len(filters))
	concurrently(len(filters)+1, func(number int) {
		if number == len(filters) {
			writeConcurrently(t, store, perWriter)
			return
		}
		got[number] = follow(t, store, 0, filters[number], total)
	})
	for number, filter := range filters {
		expectEvents(t, fmt.Sprintf("subscriber %d", number), got[number], read(t, store, eventcore.Query{Filter: filter}))
	}
	expectDense(t, got[0], total)
}

func followingReader(t reporter, store eventcore.Store) {
	const perWriter, total = 20, 16 * 20 * 2
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got []eventcore.Event
	concurrently(2, func(number int) {
		if number == 1 {
			writeConcurrently(t, store, perWriter)
			return
		}
		cursor := eventcore.Position(0)
		for cursor < total {
			for event, err := range store.Read(ctx, eventcore.Query{After: cursor}) {
				if err != nil {
					t.Errorf("reader: %v", err)
					return
				}
				got = append(got, event)
				cursor = event.Position
			}
		}
	})
	expectDense(t, got, total)
}
