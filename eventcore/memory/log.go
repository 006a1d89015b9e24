// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// chunkEvents is the number of events in one piece of the log.
const chunkEvents = 1024

type chunk struct {
	events [chunkEvents]eventcore.Event
	// appends has the id of the append whose first event stands there.
	appends [chunkEvents]uuid.UUID
}

// eventLog holds all events in pieces that never move. A copy of an eventLog is a snapshot: what is added later
// lies beyond its head, so that it may be read without a lock. The position of an event tells where it lies.
type eventLog struct {
	head   eventcore.Position
	chunks []*chunk
}

// add stores the event, whose position must be head+1, and the id of the append if it is the first one in it. The log
// keeps no decoded payload, like every other store's.
func (l *eventLog) add(event eventcore.Event, first uuid.UUID) {
	event.Payload = nil
	place := l.head % chunkEvents
	if place == 0 {
		l.chunks = append(l.chunks, &chunk{})
	}
	last := l.chunks[len(l.chunks)-1]
	last.events[place], last.appends[place] = event, first
	l.head++
}

// find returns the position of the append's first event, which lies after the given one.
func (l *eventLog) find(id uuid.UUID, after eventcore.Position) (eventcore.Position, bool) {
	for place := after; place < l.head; place++ {
		if l.chunks[place/chunkEvents].appends[place%chunkEvents] == id {
			return place + 1, true
		}
	}
	return 0, false
}

// at returns the event at a position from 1 to head.
func (l *eventLog) at(position eventcore.Position) *eventcore.Event {
	return &l.chunks[(position-1)/chunkEvents].events[(position-1)%chunkEvents]
}
