// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/eventcore/order-operator/eventcore"
)

// Latest is a position after all events.
const Latest eventcore.Position = math.MaxInt64

// At returns the state of the stream as it was at the position: folded from the stream's events at or before it. The
// Snapshot's Head is the position of the last event in it. It reads the whole stream up to there.
func At[S eventcore.State[S]](
	ctx context.Context, store eventcore.Store, registry *eventcore.Registry,
	stream eventcore.StreamID, position eventcore.Position,
) (eventcore.Snapshot[S], error) {
	var snapshot eventcore.Snapshot[S]
	for event, err := range read(ctx, store, stream, position) {
		if err == nil {
			err = registry.Decode(&event)
		}
		if err == nil {
			err = apply(&snapshot, stream, &event)
		}
		if err != nil {
			return snapshot, fmt.Errorf("inspect %s at position %d: %w", stream, position, err)
		}
	}
	return snapshot, nil
}

func apply[S eventcore.State[S]](
	snapshot *eventcore.Snapshot[S], stream eventcore.StreamID, event *eventcore.Event,
) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("apply event %d (%s): it panicked: %v", event.Position, event.Type, reason)
		}
	}()
	snapshot.State = snapshot.State.Apply(stream, event)
	snapshot.Version, _ = event.VersionIn(stream)
	snapshot.Head = event.Position
	return nil
}

// History yields the stream's events in their order. What the registry can decode has a Payload; with a nil registry
// nothing has. An error ends it.
func History(
	ctx context.Context, store eventcore.Store, registry *eventcore.Registry, stream eventcore.StreamID,
) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		for event, err := range read(ctx, store, stream, Latest) {
			if err != nil {
				yield(event, fmt.Errorf("inspect %s: %w", stream, err))
				return
			}
			if registry != nil {
				_ = registry.Decode(&event) // whoever looks wants to see also what the program does not understand
			}
			if !yield(event, nil) {
				return
			}
		}
	}
}

// read yields the stream's events up to the position.
func read(
	ctx context.Context, store eventcore.Store, stream eventcore.StreamID, last eventcore.Position,
) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		if err := stream.Validate(); err != nil {
			yield(eventcore.Event{}, err)
			return
		}
		query := eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{stream}}}
		for event, err := range upTo(store.Read(ctx, query), last) {
			if !yield(event, err) {
				return
			}
		}
	}
}

// upTo ends the events after the position: what was appended since does not count.
func upTo(
	events iter.Seq2[eventcore.Event, error], last eventcore.Position,
) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		for event, err := range events {
			if err == nil && event.Position > last || !yield(event, err) {
				return
			}
		}
	}
}
