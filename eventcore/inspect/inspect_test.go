// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
)

// Counted is the one event of these tests.
type Counted struct {
	Number int `json:"number"`
}

// Sum is its state. It panics on 13.
type Sum int

func (s Sum) Apply(_ eventcore.StreamID, event *eventcore.Event) Sum {
	number := event.Payload.(Counted).Number
	if number == 13 {
		panic("unlucky")
	}
	return s + Sum(number)
}

var registry = eventcore.NewRegistry(eventcore.Type[Counted]("Counted", 1))

// stores opens an empty store of each kind.
func stores(t *testing.T) map[string]eventcore.Store {
	t.Helper()
	stores := map[string]eventcore.Store{}
	for kind := range kinds {
		stores[kind] = openNew(t, kind, uuid.New())
	}
	return stores
}

func counted(t *testing.T, number int, streams ...eventcore.StreamID) eventcore.Event {
	t.Helper()
	event, err := registry.Encode(Counted{Number: number})
	if err != nil {
		t.Fatal(err)
	}
	event.ID = uuid.Must(uuid.NewV7())
	event.RecordedAt = time.UnixMicro(1_900_000_000_000_000 + int64(number)).UTC()
	event.Metadata = eventcore.Metadata{Actor: fmt.Sprint("actor ", number)}
	for _, stream := range streams {
		event.Streams = append(event.Streams, eventcore.Membership{Stream: stream})
	}
	return event
}

func appendAll(t *testing.T, store eventcore.Store, events ...eventcore.Event) {
	t.Helper()
	if _, err := store.Append(t.Context(), eventcore.AppendRequest{ID: uuid.New(), Events: events}); err != nil {
		t.Fatal(err)
	}
}

// fill appends events that belong to one stream of ten, and to one of all.
func fill(t *testing.T, store eventcore.Store, count int) {
	t.Helper()
	for number := 1; number <= count; {
		var events []eventcore.Event
		for range min(500, count-number+1) {
			events = append(events, counted(t, number, eventcore.StreamID(fmt.Sprint("part-", number%10)), "all"))
			number++
		}
		appendAll(t, store, events...)
	}
}

// altered is a store that shows its events otherwise.
type altered struct {
	eventcore.Store
	log    func(events []eventcore.Event) []eventcore.Event // of reads without a filter
	stream func(events []eventcore.Event) []eventcore.Event // of reads of a stream
}

func (s *altered) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	alter := s.log
	if len(query.Filter.Streams) > 0 {
		alter = s.stream
	}
	if alter == nil {
		return s.Store.Read(ctx, query)
	}
	var events []eventcore.Event
	for event, err := range s.Store.Read(ctx, query) {
		if err != nil {
			panic(err)
		}
		event.Streams = append([]eventcore.Membership{}, event.Streams...)
		events = append(events, event)
	}
	return func(yield func(eventcore.Event, error) bool) {
		for _, event := range alter(events) {
			if !yield(event, nil) {
				return
			}
		}
	}
}

func TestAStateIsFoldedUpToAPosition(t *testing.T) {
	for name, store := range stores(t) {
		appendAll(t, store, counted(t, 1, "a"), counted(t, 10, "b"), counted(t, 2, "b", "a"), counted(t, 13, "a"))
		for position, want := range []eventcore.Snapshot[Sum]{
			{}, {State: 1, Version: 1, Head: 1}, {State: 1, Version: 1, Head: 1}, {State: 3, Version: 2, Head: 3},
		} {
			got, err := inspect.At[Sum](t.Context(), store, registry, "a", eventcore.Position(position))
			if got != want || err != nil {
				t.Errorf("%s: at %d: %+v, %v; want %+v", name, position, got, err, want)
			}
		}
		if _, err := inspect.At[Sum](t.Context(), store, registry, "a", inspect.Latest); err == nil ||
			!strings.Contains(err.Error(), "apply event 4 (Counted): it panicked: unlucky") {
			t.Errorf("%s: got %v, want the panic", name, err)
		}
		none := eventcore.NewRegistry()
		if _, err := inspect.At[Sum](t.Context(), store, none, "a", 1); !errors.Is(err, eventcore.ErrUnknownType) {
			t.Errorf("%s: got %v, want ErrUnknownType", name, err)
		}
		if _, err := inspect.At[Sum](t.Context(), store, registry, "*", 1); !errors.Is(err, eventcore.ErrInvalidStreamID) {
			t.Errorf("%s: got %v, want ErrInvalidStreamID", name, err)
		}
	}
}

func TestAHistoryShowsAlsoWhatNobodyUnderstands(t *testing.T) {
	for name, store := range stores(t) {
		unknown := counted(t, 2, "a")
		unknown.Type = "Forgotten"
		appendAll(t, store, counted(t, 1, "a"), unknown, counted(t, 3, "b"))
		var got []string
		for event, err := range inspect.History(t.Context(), store, registry, "a") {
			got = append(got, fmt.Sprint(event.Position, event.Type, event.Payload, err))
		}
		if want := "1Counted{1} <nil>, 2Forgotten<nil> <nil>"; strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		for event, err := range inspect.History(t.Context(), store, nil, "a") {
			if event.Payload != nil || err != nil {
				t.Errorf("%s: decoded %v without a registry, %v", name, event.Payload, err)
			}
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range inspect.History(ended, store, registry, "a") {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v, want the context's error", name, err)
			}
		}
	}
}

func TestStreamsAreListedWithTheirVersions(t *testing.T) {
	for name, store := range stores(t) {
		appendAll(t, store, counted(t, 1, "b"), counted(t, 2, "a-1", "b"), counted(t, 3, "a-2"), counted(t, 4, "a-1"))
		tests := map[string]struct {
			filter eventcore.Filter
			want   string
		}{
			"all":      {eventcore.Filter{Types: []string{"whatever"}}, "[{a-1 2 2 4} {a-2 1 3 3} {b 2 1 2}]"},
			"a prefix": {eventcore.Filter{Prefixes: []string{"a-"}}, "[{a-1 2 2 4} {a-2 1 3 3}]"},
			"none":     {eventcore.Filter{Streams: []eventcore.StreamID{"c"}}, "[]"},
		}
		for what, test := range tests {
			got, err := inspect.Streams(t.Context(), store, test.filter)
			if err != nil || fmt.Sprint(got) != test.want {
				t.Errorf("%s: %s: %v, %v; want %s", name, what, got, err, test.want)
			}
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := inspect.Streams(ended, store, eventcore.Filter{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the context's error", name, err)
		}
	}
}
