// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"

	"github.com/eventcore/order-operator/eventcore"
)

func readContracts() []contract {
	return []contract{
		{"a read resumes strictly after a position", readAfter},
		{"a read ends at its limit", readLimit},
		{"a read of a stream that nobody has written to yields nothing", readUnknown},
		{"a read may be broken off and leaves the store usable", readBrokenOff},
		{"a read sees the store as it was at its start", readSnapshot},
		{"a read may append and read while it runs", readNested},
		{"a read of many events yields each once, in order", readMany},
		{"a read with a context that has ended yields its error", readEndedContext},
		{"a read ends with the error of a context that ends meanwhile", readEndingContext},
	}
}

func readAfter(t reporter, store eventcore.Store) {
	events := write(t, store, event("a"), event("b"), event("a"), event("b"), event("a"))
	for after := range events {
		query := eventcore.Query{After: eventcore.Position(after)}
		expectEvents(t, "everything after", read(t, store, query), events[after:])
	}
	after := eventcore.Query{After: 3, Filter: streams("a")}
	expectEvents(t, "the stream after 3", read(t, store, after), events[4:])
	if rest := read(t, store, eventcore.Query{After: 1000}); len(rest) != 0 {
		t.Errorf("%d events after the head", len(rest))
	}
}

func readLimit(t reporter, store eventcore.Store) {
	events := write(t, store, batch(20, 2, "a")...)
	expectEvents(t, "limit 10", read(t, store, eventcore.Query{Limit: 10}), events[:10])
	expectEvents(t, "limit 30", read(t, store, eventcore.Query{Limit: 30}), events)
	expectEvents(t, "limit 1 after 5", read(t, store, eventcore.Query{After: 5, Limit: 1, Filter: streams("a")}), events[5:6])
}

func readUnknown(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	if events := read(t, store, eventcore.Query{Filter: streams("b")}); len(events) != 0 {
		t.Errorf("%d events in an unknown stream", len(events))
	}
	if events := read(t, store, eventcore.Query{Filter: streams("*")}); len(events) != 0 {
		t.Errorf("%d events in a stream that cannot be", len(events))
	}
}

func readBrokenOff(t reporter, store eventcore.Store) {
	events := write(t, store, batch(2000, 2, "a")...)
	for range 20 {
		for _, err := range store.Read(t.Context(), eventcore.Query{Filter: streams("a")}) {
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			break
		}
	}
	expectEvents(t, "afterwards", read(t, store, eventcore.Query{}), events)
	write(t, store, event("a"))
}

func readSnapshot(t reporter, store eventcore.Store) {
	for _, query := range []eventcore.Query{{}, {Filter: streams("a")}, {Filter: streams("a", "b")}, {Filter: prefixes("a")}} {
		before := head(t, store)
		written := write(t, store, batch(1500, 2, "a")...)
		query.After = before
		var got []eventcore.Event
		for e, err := range store.Read(t.Context(), query) {
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			if len(got)%500 == 0 {
				write(t, store, event("a", "b"))
			}
			got = append(got, e)
		}
		expectEvents(t, "the snapshot", got, written)
	}
}

func readNested(t reporter, store eventcore.Store) {
	write(t, store, batch(40, 2, "a")...)
	depth := 0
	var nest func(after eventcore.Position)
	nest = func(after eventcore.Position) {
		for e, err := range store.Read(t.Context(), eventcore.Query{After: after, Filter: streams("a"), Limit: 1}) {
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			depth++
			write(t, store, event("b"))
			nest(e.Position)
		}
	}
	nest(0)
	if depth != 40 || head(t, store) != 80 {
		t.Errorf("40 reads within reads: %d deep, head %d", depth, head(t, store))
	}
}

func readMany(t reporter, store eventcore.Store) {
	events := make([]eventcore.Event, 0, 7000)
	for i := range 7 {
		events = append(events, write(t, store, batch(1000, 2, "a", eventcore.StreamID("b-"+string(rune('0'+i))))...)...)
	}
	filters := []eventcore.Filter{
		{}, streams("a"), prefixes("b-"), {Types: []string{"Tested"}},
		{Streams: []eventcore.StreamID{"a"}, Prefixes: []string{"b"}},
	}
	for _, filter := range filters {
		expectEvents(t, "7,000 events", read(t, store, eventcore.Query{Filter: filter}), events)
	}
}

func readEndedContext(t reporter, store eventcore.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		yielded := 0
		for _, err := range store.Read(ctx, eventcore.Query{}) {
			yielded++
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got the error %v, want context.Canceled", err)
			}
		}
		if yielded != 1 {
			t.Errorf("%d elements, want the error alone", yielded)
		}
		write(t, store, event("a"))
	}
}

func readEndingContext(t reporter, store eventcore.Store) {
	for range 5 {
		write(t, store, batch(1000, 2, "a")...)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range store.Read(ctx, eventcore.Query{}) {
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the read ended with %v, want context.Canceled", last)
	}
	if events := read(t, store, eventcore.Query{}); len(events) != 5000 {
		t.Errorf("%d events afterwards, want 5000", len(events))
	}
}
