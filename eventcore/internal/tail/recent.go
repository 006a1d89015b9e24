// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"cmp"
	"slices"

	"github.com/eventcore/order-operator/eventcore"
)

const (
	// maxEvents and maxBytes (of payloads) bound what a Tail keeps; it may hold twice as much for a moment.
	maxEvents = 4096
	maxBytes  = 32 << 20
)

// recent holds the newest events of a log. Subscribers get slices of it and use them without a lock, so an
// element never changes once it is written: room is made by moving to a new array, once per maxEvents events.
type recent struct {
	// since is the position after which no event is missing.
	since     eventcore.Position
	events    []eventcore.Event
	bytes     int
	maxEvents int
	maxBytes  int
}

func (r *recent) restart(since eventcore.Position) {
	r.since, r.events, r.bytes = since, nil, 0
}

func (r *recent) add(events []eventcore.Event) {
	if len(r.events)+len(events) > 2*r.maxEvents {
		r.shrink(len(events)) // first, or the old array would grow only to be left
	}
	r.events = append(r.events, events...)
	for i := range events {
		r.bytes += len(events[i].Data)
	}
	if len(r.events) > 2*r.maxEvents || r.bytes > 2*r.maxBytes {
		r.shrink(0)
	}
}

// shrink keeps the newest events that lie within both bounds, and makes room for more.
func (r *recent) shrink(room int) {
	first, bytes := len(r.events), 0
	for first > 0 && len(r.events)-first < r.maxEvents && bytes+len(r.events[first-1].Data) <= r.maxBytes {
		first--
		bytes += len(r.events[first].Data)
	}
	if first > 0 {
		r.since = r.events[first-1].Position
	}
	kept := make([]eventcore.Event, 0, max(2*r.maxEvents, len(r.events)-first+room))
	r.events, r.bytes = append(kept, r.events[first:]...), bytes
}

// after returns all events after the cursor, which must lie before the newest; nil if some are missing.
func (r *recent) after(cursor eventcore.Position) []eventcore.Event {
	if cursor < r.since || len(r.events) == 0 {
		return nil
	}
	first, _ := slices.BinarySearchFunc(r.events, cursor+1, func(e eventcore.Event, position eventcore.Position) int {
		return cmp.Compare(e.Position, position)
	})
	return slices.Clip(r.events[first:])
}
