// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

func appendContracts() []contract {
	return []contract{
		{"an empty store has no events, the head 0 and an identity", emptyStore},
		{"events get positions and versions without gaps", positionsAndVersions},
		{"an event is stored once and has a version in each of its streams, in the order given", severalStreams},
		{"an event comes back byte for byte", roundTrip},
		{"an append of nothing returns the head", appendNothing},
		{"an append leaves the request untouched", requestUntouched},
		{"1,000 events are appended at once", thousandEvents},
		{"stream ids may hold quotes, 255 characters, any script, and are told apart by every byte", strangeIDs},
		{"a context that has ended writes nothing", endedContextAppend},
	}
}

func emptyStore(t reporter, store eventcore.Store) {
	if events := read(t, store, eventcore.Query{}); len(events) != 0 {
		t.Errorf("%d events in an empty store", len(events))
	}
	if position := head(t, store); position != 0 {
		t.Errorf("head %d, want 0", position)
	}
	identity := store.Identity()
	if identity.StoreID == uuid.Nil || identity.Epoch != 1 {
		t.Errorf("identity %+v, want an id and epoch 1", identity)
	}
}

func positionsAndVersions(t reporter, store eventcore.Store) {
	want := make([]eventcore.Event, 0, 9)
	for range 3 {
		want = append(want, write(t, store, event("a"), event("b"), event("a"))...)
	}
	versions := map[eventcore.StreamID]eventcore.Version{}
	for i, event := range want {
		stream := event.Streams[0].Stream
		versions[stream]++
		if event.Position != eventcore.Position(i+1) || event.Streams[0].Version != versions[stream] {
			t.Errorf("event %d: position %d, %+v, want version %d", i+1, event.Position, event.Streams, versions[stream])
		}
	}
	expectEvents(t, "everything", read(t, store, eventcore.Query{}), want)
	if position := head(t, store); position != 9 {
		t.Errorf("head %d, want 9", position)
	}
}

func severalStreams(t reporter, store eventcore.Store) {
	write(t, store, event("a"), event("b"), event("b"))
	got := write(t, store, event("b", "c", "a"))
	want := []eventcore.Membership{{Stream: "b", Version: 3}, {Stream: "c", Version: 1}, {Stream: "a", Version: 2}}
	for i, membership := range want {
		if got[0].Streams[i] != membership {
			t.Errorf("membership %d is %+v, want %+v", i, got[0].Streams[i], membership)
		}
	}
	for _, id := range []eventcore.StreamID{"a", "b", "c"} {
		events := read(t, store, eventcore.Query{After: 3, Filter: streams(id)})
		expectEvents(t, "stream "+string(id), events, got)
	}
	if position := head(t, store); position != 4 {
		t.Errorf("head %d, want 4: the event is stored once", position)
	}
}

func roundTrip(t reporter, store eventcore.Store) {
	full := event("a")
	full.SchemaVersion = 7
	full.Type = `Ürkunde "quoted" 'single'`
	full.Data = []byte("{ \"spaces\" :  1.50, \"escape\":\"\\u00e9 é 日本\",\"zero\":\"\\u0000\" }\n")
	full.RecordedAt = time.Date(2031, time.December, 31, 23, 59, 59, 999_999_000, time.FixedZone("far away", 5*3600))
	full.Metadata = eventcore.Metadata{
		CommandType: "Test<T>", CommandID: "c'1", CorrelationID: "größe\n&", Causation: 1<<53 + 1, Actor: `a"b\`,
		TraceContext: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
	bare := eventcore.Event{ID: uuid.New(), Type: "Bare", Data: []byte("0"), Streams: event("a").Streams}
	want := write(t, store, full, bare)
	if !want[0].RecordedAt.Equal(full.RecordedAt) || want[0].Metadata != full.Metadata {
		t.Errorf("append changed the event: %+v", want[0])
	}
	got := read(t, store, eventcore.Query{})
	expectEvents(t, "round trip", got, want)
	for _, event := range got {
		if event.RecordedAt.Location() != time.UTC {
			t.Errorf("event %d is recorded in %v, want UTC", event.Position, event.RecordedAt.Location())
		}
	}
}

func appendNothing(t reporter, store eventcore.Store) {
	for count := range 2 {
		appended, err := try(t.Context(), store, nil)
		if err != nil || appended.Previous != eventcore.Position(count) || len(appended.Events) != 0 {
			t.Errorf("got %+v, %v; want the head %d and no error", appended, err, count)
		}
		write(t, store, event("a"))
	}
}

func requestUntouched(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	pending := []eventcore.Event{event("a", "b"), event("b")}
	appended, err := try(t.Context(), store, nil, pending...)
	if err != nil || appended.Previous != 1 {
		t.Fatalf("append: previous %d, %v; want 1 and no error", appended.Previous, err)
	}
	for _, event := range pending {
		if event.Position != 0 || event.Streams[0].Version != 0 {
			t.Errorf("the pending event was changed: %+v", event)
		}
	}
}

func thousandEvents(t reporter, store eventcore.Store) {
	want := write(t, store, batch(1000, 100, "a", "b")...)
	expectEvents(t, "everything", read(t, store, eventcore.Query{}), want)
	expectEvents(t, "one stream", read(t, store, eventcore.Query{Filter: streams("b")}), want)
	if version, _ := want[999].VersionIn("b"); version != 1000 {
		t.Errorf("the last version is %d, want 1000", version)
	}
}

func strangeIDs(t reporter, store eventcore.Store) {
	ids := []eventcore.StreamID{
		`it's`, `"quoted"`, `back\slash`, "semi;colon -- DROP TABLE events", "a b", "100%", "under_score", "Order-1", "order-1",
		"größe/straße", "注文-日本/東京", "e\u0301", "\u00e9", "🛒", "a,b", "{1}", "$1", ":name", "@p", "NULL",
		eventcore.StreamID(strings.Repeat("x", 255)), eventcore.StreamID(strings.Repeat("🛒", 255)),
	}
	want := make([]eventcore.Event, 0, len(ids))
	for _, id := range ids {
		want = append(want, write(t, store, event(id))...)
	}
	for i, id := range ids {
		expectEvents(t, "stream "+string(id), read(t, store, eventcore.Query{Filter: streams(id)}), want[i:i+1])
		expectEvents(t, "prefix "+string(id), read(t, store, eventcore.Query{
			Filter: prefixes(string(id)), After: want[i].Position - 1, Limit: 1,
		}), want[i:i+1])
		if _, err := try(t.Context(), store, guards(guard(id, 1))); err != nil {
			t.Errorf("guard on %q: %v", id, err)
		}
	}
}

func endedContextAppend(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := try(ctx, store, nil, event("a"))
	expectRefusal(t, store, err, context.Canceled, 1)
	write(t, store, event("a"))
}
