// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"slices"

	"github.com/eventcore/order-operator/eventcore"
)

func subscribeContracts() []contract {
	return []contract{
		{"a subscription delivers what was there and then what is committed", subscribeLogThenLive},
		{"a subscription resumes strictly after a position", subscribeResumes},
		{"a subscription delivers only what matches, and its cursor moves past the rest", subscribeFilter},
		{"a subscription drains a long log through a narrow filter", subscribeDrains},
		{"a subscription on a position beyond the head waits for later ones", subscribeBeyondHead},
		{"a slow subscriber delays neither writers nor others, and misses nothing", subscribeSlowly},
		{"a subscription ends with the error of its context", subscribeCancelled},
		{"a subscription with a context that has ended yields its error", subscribeEndedContext},
		{"a subscription ends with ErrClosed when the store closes", subscribeClosed},
	}
}

// follow collects what a subscription delivers until through, and checks the batches on the way.
func follow(
	t reporter, store eventcore.Store, after eventcore.Position, filter eventcore.Filter, through eventcore.Position,
) []eventcore.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var events []eventcore.Event
	cursor := after
	for batch, err := range store.Subscribe(ctx, after, filter) {
		if err != nil {
			t.Errorf("the subscription after %d ended at %d of %d: %v", after, cursor, through, err)
			return events
		}
		remembers(t, store, batch.Through, "has delivered")
		if batch.Through <= cursor {
			t.Errorf("a batch through %d after one through %d", batch.Through, cursor)
		}
		for _, event := range batch.Events {
			if event.Position <= cursor || event.Position > batch.Through {
				t.Errorf("position %d in the batch through %d after %d", event.Position, batch.Through, cursor)
			}
			cursor = event.Position
		}
		cursor = batch.Through
		events = append(events, batch.Events...)
		if cursor >= through {
			return events
		}
	}
	t.Errorf("the subscription ended without an error")
	return events
}

func subscribeLogThenLive(t reporter, store eventcore.Store) {
	want := write(t, store, event("a"), event("b"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got []eventcore.Event
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			t.Fatalf("subscription: %v", err)
		}
		got = append(got, batch.Events...)
		if batch.Through != want[len(want)-1].Position || !batch.CaughtUp {
			t.Errorf("batch through %d, caught up %t; the head is %d", batch.Through, batch.CaughtUp, len(want))
		}
		if len(want) >= 6 {
			break
		}
		want = append(want, write(t, store, event("a"), event("b"))...)
	}
	expectEvents(t, "the subscription", got, want)
}

func subscribeResumes(t reporter, store eventcore.Store) {
	events := write(t, store, batch(10, 2, "a")...)
	for after := range events {
		got := follow(t, store, eventcore.Position(after), eventcore.Filter{}, 10)
		expectEvents(t, "the subscription", got, events[after:])
	}
}

func subscribeFilter(t reporter, store eventcore.Store) {
	write(t, store, event("a"), event("b"), typed("Other", "a", "a-2"), event("a", "a-3"), event("b"))
	filter := eventcore.Filter{Prefixes: []string{"a"}, Types: []string{"Tested"}}
	got := follow(t, store, 0, filter, 5)
	want := slices.DeleteFunc(read(t, store, eventcore.Query{}), func(e eventcore.Event) bool { return !filter.Matches(&e) })
	expectEvents(t, "the subscription", got, want)
	if none := follow(t, store, 0, streams("never"), 5); len(none) != 0 {
		t.Errorf("%d events of a stream without events", len(none))
	}
}

func subscribeDrains(t reporter, store eventcore.Store) {
	var want []eventcore.Event
	for range 12 {
		write(t, store, batch(999, 2, "noise")...)
		want = append(want, write(t, store, event("a", "noise"))...)
	}
	for _, filter := range []eventcore.Filter{streams("a"), prefixes("a"), {}} {
		got := follow(t, store, 0, filter, 12_000)
		if len(filter.Streams)+len(filter.Prefixes) == 0 {
			want = read(t, store, eventcore.Query{})
		}
		expectEvents(t, "12,000 events", got, want)
	}
}

func subscribeBeyondHead(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done := make(chan []eventcore.Event, 1)
	go func() { done <- follow(t, store, 2, eventcore.Filter{}, 3) }()
	write(t, store, event("a"))
	want := write(t, store, event("a"))
	select {
	case got := <-done:
		expectEvents(t, "the subscription", got, want)
	case <-ctx.Done():
		t.Errorf("the subscription delivered nothing")
	}
}

func subscribeSlowly(t reporter, store eventcore.Store) {
	want := write(t, store, event("a"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got []eventcore.Event
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			t.Fatalf("subscription: %v", err)
		}
		if len(got) == 0 {
			// While this subscriber does not come back, writers get on and another one sees everything.
			for range 10 {
				want = append(want, write(t, store, batchOfThousand()...)...)
			}
			expectEvents(t, "the other subscriber", follow(t, store, 0, eventcore.Filter{}, 10_001), want)
		}
		got = append(got, batch.Events...)
		if batch.Through == 10_001 {
			break
		}
	}
	expectEvents(t, "the slow subscriber", got, want)
}

func batchOfThousand() []eventcore.Event { return batch(1000, 2, "a") }

func subscribeCancelled(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		last = err
		go cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the subscription ended with %v, want context.Canceled", last)
	}
	write(t, store, event("a"))
}

func subscribeEndedContext(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	yielded := 0
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		yielded++
		if len(batch.Events) > 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %+v, %v; want context.Canceled", batch, err)
		}
	}
	if yielded != 1 {
		t.Errorf("%d elements, want the error alone", yielded)
	}
}

func subscribeClosed(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	closed := make(chan error, 1)
	var last error
	for _, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err == nil {
			go func() { closed <- store.Close() }()
		}
		last = err
	}
	if !errors.Is(last, eventcore.ErrClosed) {
		t.Errorf("the subscription ended with %v, want ErrClosed", last)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}
