// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import "github.com/eventcore/order-operator/eventcore"

// chunkEvents is the number of events in one piece of the log.
const chunkEvents = 1024

type chunk [chunkEvents]eventcore.Event

// eventLog holds all events in pieces that never move. A copy of an eventLog is a snapshot: what is added later
// lies beyond its head, so that it may be read without a lock. The position of an event tells where it lies.
type eventLog struct {
	head   eventcore.Position
	chunks []*chunk
}

// add stores the event, whose position must be head+1. The log keeps no decoded payload, like every other store's.
func (l *eventLog) add(event eventcore.Event) {
	event.Payload = nil
	place := l.head % chunkEvents
	if place == 0 {
		l.chunks = append(l.chunks, &chunk{})
	}
	l.chunks[len(l.chunks)-1][place] = event
	l.head++
}

// at returns the event at a position from 1 to head.
func (l *eventLog) at(position eventcore.Position) *eventcore.Event {
	return &l.chunks[(position-1)/chunkEvents][(position-1)%chunkEvents]
}
