// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"
	"errors"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

func event(data string, streams ...eventcore.StreamID) eventcore.Event {
	event := eventcore.Event{Type: "Tested", SchemaVersion: 1, Data: []byte(data)}
	for _, id := range streams {
		event.Streams = append(event.Streams, eventcore.Membership{Stream: id})
	}
	return event
}

func TestAReaderSeesTheLogAsItWasAtItsStart(t *testing.T) {
	ctx := t.Context()
	store := New(Options{})
	appendOne := func() {
		t.Helper()
		if _, err := store.Append(ctx, eventcore.AppendRequest{Events: []eventcore.Event{event(`{}`, "a")}}); err != nil {
			t.Fatal(err)
		}
	}
	appendOne()
	seen := 0
	for _, err := range store.Read(ctx, eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{"a"}}}) {
		if err != nil {
			t.Fatal(err)
		}
		seen++
		appendOne()
	}
	if head, _ := store.Head(ctx); seen != 1 || head != 2 {
		t.Errorf("read %d events, head %d; want 1 and 2", seen, head)
	}
}

func TestTheLogSpansManyPieces(t *testing.T) {
	ctx := t.Context()
	store := New(Options{})
	request := eventcore.AppendRequest{}
	for range chunkEvents + 1 {
		request.Events = append(request.Events, event(`{}`, "a", "b"))
	}
	if _, err := store.Append(ctx, request); err != nil {
		t.Fatal(err)
	}
	next := eventcore.Position(1)
	filter := eventcore.Filter{Streams: []eventcore.StreamID{"a", "b", "a", "none"}}
	for e, err := range store.Read(ctx, eventcore.Query{Filter: filter}) {
		if err != nil || e.Position != next {
			t.Fatalf("position %d, error %v; want %d", e.Position, err, next)
		}
		next++
	}
	if next != chunkEvents+2 {
		t.Errorf("read up to %d, want %d", next-1, chunkEvents+1)
	}
}

func TestAScanThatMatchesNothingStillEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	store := New(Options{})
	if _, err := store.Append(ctx, eventcore.AppendRequest{Events: []eventcore.Event{event(`{}`, "a")}}); err != nil {
		t.Fatal(err)
	}
	cancel()
	for _, err := range store.Read(ctx, eventcore.Query{Filter: eventcore.Filter{Types: []string{"None"}}}) {
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
		return
	}
	t.Error("the read ended without an error")
}
