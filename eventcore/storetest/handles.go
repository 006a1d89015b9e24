// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// RunHandles holds a store to the contract when several processes use it. Each call of open opens a new, empty history
// through that many handles that share nothing but the database; RunHandles closes them. A store that lives in one
// process alone may return one handle several times.
func RunHandles(t *testing.T, open func(t *testing.T, handles int) []eventcore.Store) {
	t.Helper()
	for _, contract := range handleContracts() {
		t.Run(contract.name, func(t *testing.T) {
			handles := open(t, 2)
			contract.check(t, handles)
			for _, handle := range handles {
				closeStore(t, handle)
			}
		})
	}
}

// handleContract is one promise of a store that several processes use. The check gets handles on an empty history.
type handleContract struct {
	name  string
	check func(t reporter, handles []eventcore.Store)
}

func handleContracts() []handleContract {
	return []handleContract{
		{"every handle sees at once what another has acknowledged", handlesSeeEachOther},
		{"a follower remembers what it has appended and what it has delivered", handlesRemember},
		{"a follower that writes nothing remembers what it has delivered", handlesKnowWhatTheyWereTold},
		{"a head hint does not bypass the guards when another handle has written", handlesDistrustHints},
		{"an append tells all that others have appended since the head hint, or nothing", handlesTellTheTail},
		{"writers on all handles leave no gap in positions and versions", handlesWriteDensely},
		{"of appends at the same version through any handle exactly one succeeds", handlesHaveOneWinner},
		{"no conflict between handles is lost, on written or on only read streams", handlesLoseNoConflict},
		{"live readers on every handle see every event exactly once while all handles write", handlesFollow},
		{"what all handles do together is linearizable", handlesAreLinearizable},
	}
}

// writersPerRun is how many writers share the handles.
const writersPerRun = 16

func handlesSeeEachOther(t reporter, handles []eventcore.Store) {
	for number := range 20 {
		writer, reader := handles[number%len(handles)], handles[(number+1)%len(handles)]
		want := write(t, writer, event("a", "b"))
		if position := head(t, reader); position != want[0].Position {
			t.Errorf("head %d, want %d", position, want[0].Position)
		}
		after := want[0].Position - 1
		expectEvents(t, "everything", read(t, reader, eventcore.Query{After: after}), want)
		expectEvents(t, "the stream", read(t, reader, eventcore.Query{After: after, Filter: streams("b")}), want)
		expectEvents(t, "the subscription", follow(t, reader, after, streams("a"), want[0].Position), want)
	}
}

// handlesRemember is for stores that are an eventcore.Follower.
func handlesRemember(t reporter, handles []eventcore.Store) {
	for number := range 20 {
		writer, reader := handles[number%len(handles)], handles[(number+1)%len(handles)]
		position := write(t, writer, event("a"))[0].Position
		remembers(t, writer, position, "has appended")
		remembers(t, reader, head(t, reader), "has told of")
		for batch, err := range reader.Subscribe(t.Context(), position-1, eventcore.Filter{}) {
			if err != nil {
				t.Fatalf("subscribe: %v", err)
			}
			remembers(t, reader, batch.Through, "has delivered")
			if batch.Through >= position {
				break
			}
		}
	}
}

// handlesKnowWhatTheyWereTold has one handle follow what others write, and write nothing: what it is told of comes from
// the log, which may be ahead of the news.
func handlesKnowWhatTheyWereTold(t reporter, handles []eventcore.Store) {
	const writes = 300
	concurrently(2, func(number int) {
		if number == 1 {
			follow(t, handles[0], 0, eventcore.Filter{}, writes)
			return
		}
		for range writes {
			write(t, handles[1], event("a"))
		}
	})
}

// remembers checks a store that is an eventcore.Follower.
func remembers(t reporter, store eventcore.Store, position eventcore.Position, of string) {
	t.Helper()
	if follower, ok := store.(eventcore.Follower); ok && follower.Followed() < position {
		t.Errorf("followed %d, and %s %d", follower.Followed(), of, position)
	}
}

func handlesDistrustHints(t reporter, handles []eventcore.Store) {
	one, other := handles[0], handles[1]
	write(t, one, event("read"))
	write(t, other, event("read"))
	for _, handle := range handles {
		for hint := range eventcore.Position(2) {
			expectRefusal(t, handle, hinted(t, handle, hint), eventcore.ErrConflict, 2)
		}
	}
	if _, err := try(t.Context(), one, guards(guard("read", 2)), event("written")); err != nil {
		t.Errorf("a current guard: %v", err)
	}
}

// handlesTellTheTail has one handle append what the other must follow: to streams that both, one or none of them knows.
func handlesTellTheTail(t reporter, handles []eventcore.Store) {
	for number := range 20 {
		writer, teller := handles[number%len(handles)], handles[(number+1)%len(handles)]
		hint := head(t, teller)
		fresh := eventcore.StreamID(fmt.Sprintf("fresh-%d", number))
		for range number % 4 {
			write(t, writer, event("known", fresh), event("known"))
		}
		request := eventcore.AppendRequest{
			ID: uuid.Must(uuid.NewV7()), Head: hint, Events: []eventcore.Event{event("known", fresh), event("another")},
		}
		appended, err := teller.Append(t.Context(), request)
		if err != nil {
			t.Fatalf("append: %v", err)
		}
		if appended.Tail == nil {
			continue
		}
		want := read(t, writer, eventcore.Query{After: hint})
		expectEvents(t, "the tail", appended.Tail, want[:len(want)-len(appended.Events)])
	}
	expectDense(t, read(t, handles[0], eventcore.Query{}), int(head(t, handles[0]))) //nolint:gosec // a few.
}

func handlesWriteDensely(t reporter, handles []eventcore.Store) {
	const perWriter = 20
	concurrently(writersPerRun, func(writer int) {
		own := eventcore.StreamID(fmt.Sprintf("writer-%d", writer))
		for range perWriter {
			if _, err := try(t.Context(), handles[writer%len(handles)], nil, event(own, "shared"), event("shared")); err != nil {
				t.Errorf("writer %d: %v", writer, err)
				return
			}
		}
	})
	for _, handle := range handles {
		expectDense(t, read(t, handle, eventcore.Query{}), writersPerRun*perWriter*2)
	}
}

func handlesHaveOneWinner(t reporter, handles []eventcore.Store) {
	for version := range eventcore.Version(20) {
		var winners atomic.Int64
		concurrently(8, func(number int) {
			_, err := try(t.Context(), handles[number%len(handles)], guards(guard("a", version)), event("a"))
			switch {
			case err == nil:
				winners.Add(1)
			case !errors.Is(err, eventcore.ErrConflict):
				t.Errorf("the append failed with %v, want a conflict", err)
			}
		})
		if winners.Load() != 1 {
			t.Fatalf("%d appends at version %d succeeded, want 1", winners.Load(), version)
		}
	}
}

// handlesLoseNoConflict has writers guard random pairs of streams and append to one of the two what they have read.
func handlesLoseNoConflict(t reporter, handles []eventcore.Store) {
	const perWriter = 10
	ids := []eventcore.StreamID{"north", "east", "south", "west"}
	concurrently(writersPerRun, func(writer int) {
		random := rand.New(rand.NewPCG(uint64(writer), 0)) //nolint:gosec // the choice of streams is no secret.
		for range perWriter {
			order := random.Perm(len(ids))
			pair := []eventcore.StreamID{ids[order[0]], ids[order[1]]}
			if err := appendRead(t.Context(), handles[writer%len(handles)], pair, pair[0]); err != nil {
				t.Errorf("writer %d: %v", writer, err)
				return
			}
		}
	})
	events := read(t, handles[0], eventcore.Query{})
	expectDense(t, events, writersPerRun*perWriter)
	expectGuardsHeld(t, events)
}

// expectGuardsHeld replays events whose payloads are the guards that they were appended with.
func expectGuardsHeld(t reporter, events []eventcore.Event) {
	t.Helper()
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

// handlesFollow has on every handle one subscriber to everything, one to a stream, and writers.
func handlesFollow(t reporter, handles []eventcore.Store) {
	const perWriter, total = 20, writersPerRun * 20 * 2
	filters := []eventcore.Filter{{}, streams("shared"), prefixes("writer-1")}
	got := make([][]eventcore.Event, len(handles)*len(filters))
	concurrently(len(got)+1, func(number int) {
		if number == len(got) {
			concurrently(len(handles), func(handle int) {
				writeThrough(t, handles[handle], handle, writersPerRun/len(handles), perWriter)
			})
			return
		}
		got[number] = follow(t, handles[number/len(filters)], 0, filters[number%len(filters)], total)
	})
	for number := range got {
		want := read(t, handles[0], eventcore.Query{Filter: filters[number%len(filters)]})
		expectEvents(t, fmt.Sprintf("subscriber %d", number), got[number], want)
	}
	expectDense(t, got[0], total)
}

func writeThrough(t reporter, store eventcore.Store, handle, writers, perWriter int) {
	concurrently(writers, func(writer int) {
		own := eventcore.StreamID(fmt.Sprintf("writer-%d-%d", writer, handle))
		for range perWriter {
			if _, err := try(t.Context(), store, nil, event(own, "shared"), event("shared")); err != nil {
				t.Errorf("writer %s: %v", own, err)
				return
			}
		}
	})
}
