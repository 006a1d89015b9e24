// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// patience bounds every wait for something that a correct store does at once.
const patience = 60 * time.Second

var recordedAt = time.Date(2026, time.February, 3, 4, 5, 6, 789_012_000, time.UTC)

// event returns a pending event of the type Tested.
func event(streams ...eventcore.StreamID) eventcore.Event { return typed("Tested", streams...) }

func typed(eventType string, streams ...eventcore.StreamID) eventcore.Event {
	event := eventcore.Event{
		ID: uuid.Must(uuid.NewV7()), Type: eventType, SchemaVersion: 1, Data: []byte(`{"tested":true}`), RecordedAt: recordedAt,
	}
	for _, stream := range streams {
		event.Streams = append(event.Streams, eventcore.Membership{Stream: stream})
	}
	return event
}

func guard(stream eventcore.StreamID, version eventcore.Version) eventcore.Guard {
	return eventcore.Guard{Stream: stream, Version: version}
}

func guards(guards ...eventcore.Guard) []eventcore.Guard { return guards }

// try appends with guards and without a hint.
func try(
	ctx context.Context, store eventcore.Store, guards []eventcore.Guard, events ...eventcore.Event,
) (eventcore.Appended, error) {
	request := eventcore.AppendRequest{ID: uuid.Must(uuid.NewV7()), Guards: guards, Events: events}
	return store.Append(ctx, request)
}

// write appends without guards, which must succeed.
func write(t reporter, store eventcore.Store, events ...eventcore.Event) []eventcore.Event {
	t.Helper()
	appended, err := try(t.Context(), store, nil, events...)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return appended.Events
}

func head(t reporter, store eventcore.Store) eventcore.Position {
	t.Helper()
	position, err := store.Head(t.Context())
	if err != nil {
		t.Fatalf("head: %v", err)
	}
	return position
}

func read(t reporter, store eventcore.Store, query eventcore.Query) []eventcore.Event {
	t.Helper()
	var events []eventcore.Event
	for event, err := range store.Read(t.Context(), query) {
		if err != nil {
			t.Fatalf("read %+v: %v", query, err)
		}
		events = append(events, event)
	}
	return events
}

func streams(ids ...eventcore.StreamID) eventcore.Filter { return eventcore.Filter{Streams: ids} }

func prefixes(prefixes ...string) eventcore.Filter { return eventcore.Filter{Prefixes: prefixes} }

// same reports whether two events are the same fact; the decoded payload is left out.
func same(a, b eventcore.Event) bool {
	return a.Position == b.Position && a.ID == b.ID && a.Type == b.Type && a.SchemaVersion == b.SchemaVersion &&
		bytes.Equal(a.Data, b.Data) && slices.Equal(a.Streams, b.Streams) && a.RecordedAt.Equal(b.RecordedAt) &&
		a.Metadata == b.Metadata
}

func expectEvents(t reporter, what string, got, want []eventcore.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d events at %v, want %d at %v", what, len(got), positions(got), len(want), positions(want))
		return
	}
	for i := range got {
		if !same(got[i], want[i]) {
			t.Errorf("%s: event %d of %d:\n got %+v\nwant %+v", what, i+1, len(got), got[i], want[i])
			return
		}
	}
}

func positions(events []eventcore.Event) []eventcore.Position {
	result := make([]eventcore.Position, 0, min(len(events), 20))
	for _, event := range events[:min(len(events), 20)] {
		result = append(result, event.Position)
	}
	return result
}

// expectRefusal says that an append failed with the error and that the store still holds count events.
func expectRefusal(t reporter, store eventcore.Store, err, want error, count int) {
	t.Helper()
	if err == nil || want != nil && !errors.Is(err, want) {
		t.Errorf("the append returned %v, want the error %v", err, want)
	}
	if events := read(t, store, eventcore.Query{}); len(events) != count {
		t.Errorf("the store holds %d events after a refused append, want %d", len(events), count)
	}
	if position := head(t, store); position != positionOf(count) {
		t.Errorf("the head is %d after a refused append, want %d", position, count)
	}
}

// positionOf returns the position of the event with that number, counted from 1.
func positionOf(number int) eventcore.Position {
	return eventcore.Position(number) //nolint:gosec // numbers of events are not negative.
}

// batch returns count events of the streams, with payloads of size bytes.
func batch(count, size int, streams ...eventcore.StreamID) []eventcore.Event {
	data := append(append([]byte{'"'}, bytes.Repeat([]byte{'x'}, max(size-2, 0))...), '"')
	events := make([]eventcore.Event, count)
	for i := range events {
		events[i] = event(streams...)
		events[i].Data = data
	}
	return events
}
