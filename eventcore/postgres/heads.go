// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"maps"
	"slices"

	"github.com/eventcore/order-operator/eventcore"
)

// headsKept is the number of streams whose heads are kept in memory, twice that for a moment.
const headsKept = 1 << 15

// headRow is the row of the table head.
type headRow struct {
	position, streams, fence int64
}

// streamHead is what is known of a stream.
type streamHead struct {
	// id is the stream's key in the database, 0 if it has none yet. -n stands for that of the n-th guard which the
	// statement under way compares.
	id      int64
	version eventcore.Version
}

// heads knows the versions of recently used streams. What it knows is current as long as the head row is at row: then
// every append since was this process's own.
type heads struct {
	row headRow
	// recent and older are two generations of committed heads: when recent is full it becomes older.
	recent, older map[eventcore.StreamID]streamHead
	// staged are the heads that the append under way has looked up or raised.
	staged map[eventcore.StreamID]streamHead
}

func newHeads(row headRow) heads {
	h := heads{staged: map[eventcore.StreamID]streamHead{}}
	h.reset(row)
	return h
}

// reset forgets everything and is current at the row.
func (h *heads) reset(row headRow) {
	h.row = row
	h.recent, h.older = map[eventcore.StreamID]streamHead{}, nil
	clear(h.staged)
}

// commit keeps what the append has staged; the head row is at row now.
func (h *heads) commit(row headRow) {
	if len(h.recent)+len(h.staged) > headsKept {
		h.older, h.recent = h.recent, make(map[eventcore.StreamID]streamHead, headsKept)
	}
	maps.Copy(h.recent, h.staged)
	h.row = row
	clear(h.staged)
}

// known reports whether the stream is certain to have a valid id.
func (h *heads) known(id eventcore.StreamID) bool {
	_, found := h.find(id)
	return found
}

// find returns the head of a stream as the append under way sees it.
func (h *heads) find(id eventcore.StreamID) (streamHead, bool) {
	if head, found := h.staged[id]; found {
		return head, true
	}
	if head, found := h.recent[id]; found {
		return head, true
	}
	head, found := h.older[id]
	return head, found
}

// unknown returns the streams of the request's guards and events that are not known, each once.
func (h *heads) unknown(request *eventcore.AppendRequest) []string {
	return slices.DeleteFunc(streamNames(request), func(name string) bool { return h.known(eventcore.StreamID(name)) })
}

// follow takes over what others have appended since: events in their order, without a gap. The ids of new streams count
// up in the order in which events join them.
func (h *heads) follow(events []eventcore.Event) {
	row := h.row
	for i := range events {
		for _, membership := range events[i].Streams {
			head, known := h.find(membership.Stream)
			if membership.Version == 1 {
				row.streams++
				head.id, known = row.streams, true
			}
			if known {
				head.version = membership.Version
				h.staged[membership.Stream] = head
			}
		}
		row.position = bigint(events[i].Position)
	}
	h.commit(row)
}

// conflicts returns the guards that do not hold. All their streams must be known.
func (h *heads) conflicts(guards []eventcore.Guard) []eventcore.Conflict {
	var conflicts []eventcore.Conflict
	for _, guard := range guards {
		if head, _ := h.find(guard.Stream); head.version != guard.Version {
			conflict := eventcore.Conflict{Stream: guard.Stream, Expected: guard.Version, Actual: head.version}
			conflicts = append(conflicts, conflict)
		}
	}
	return conflicts
}
