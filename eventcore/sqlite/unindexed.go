// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/column"
)

// unindexed knows the streams of the newest events, which the index in the database does not have yet: see index. It
// is filled from the events themselves, by whoever looks first, and holds nothing that is not committed.
type unindexed struct {
	mu sync.Mutex
	// after and through bound the events whose streams are known. The index had come as far as indexed when somebody
	// looked last, and after is where it was before that, for those who read a snapshot made a little earlier.
	after, indexed, through eventcore.Position
	streams                 map[eventcore.StreamID][]entry
	// count is the number of memberships after indexed.
	count int
}

// entry is a stream's event.
type entry struct {
	position eventcore.Position
	version  eventcore.Version
}

// extend makes the streams known of every event up to the head. The index goes as far as indexed, both as the
// connection's transaction sees them.
func (u *unindexed) extend(conn *sqlite.Conn, indexed, head eventcore.Position) error {
	known := u.advance(indexed)
	if head <= known {
		return nil
	}
	type row struct {
		position eventcore.Position
		streams  []eventcore.Membership
	}
	var rows []row
	err := each(conn, selectStreams, func(stmt *sqlite.Stmt) (bool, error) {
		memberships, err := column.DecodeStreams(stmt.ColumnText(1))
		position := eventcore.Position(stmt.ColumnInt64(0)) //nolint:gosec // positions count up from 1.
		rows = append(rows, row{position: position, streams: memberships})
		return true, err
	}, known, head)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range rows {
		u.add(rows[i].position, rows[i].streams)
	}
	return nil
}

const selectStreams = "SELECT position, streams FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position"

// advance forgets what the index has had for a while, and returns the position up to which streams are known.
func (u *unindexed) advance(indexed eventcore.Position) eventcore.Position {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case indexed > u.through: // by another process; what lies before is of no use
		u.after, u.indexed, u.through, u.count, u.streams = indexed, indexed, indexed, 0, nil
	case indexed > u.indexed:
		u.after, u.indexed, u.count = u.indexed, indexed, 0
		for id, entries := range u.streams {
			u.count += len(from(entries, indexed))
			if entries = from(entries, u.after); len(entries) == 0 {
				delete(u.streams, id)
				continue
			}
			u.streams[id] = slices.Clone(entries)
		}
	}
	return u.through
}

// add makes the streams of the next event known, unless they are known already. The caller holds mu.
func (u *unindexed) add(position eventcore.Position, memberships []eventcore.Membership) {
	if position != u.through+1 {
		return
	}
	u.through = position
	if u.streams == nil {
		u.streams = map[eventcore.StreamID][]entry{}
	}
	for _, m := range memberships {
		u.streams[m.Stream] = append(u.streams[m.Stream], entry{position: position, version: m.Version})
	}
	u.count += len(memberships)
}

// committed adds what has just been committed.
func (u *unindexed) committed(events []eventcore.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range events {
		u.add(events[i].Position, events[i].Streams)
	}
}

// rewind forgets everything if the head lies before what is known: somebody has put back an older file.
func (u *unindexed) rewind(head eventcore.Position) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if head < u.through {
		u.after, u.indexed, u.through, u.count, u.streams = 0, 0, 0, 0, nil
	}
}

// from returns the entries after the position.
func from(entries []entry, after eventcore.Position) []entry {
	first, _ := slices.BinarySearchFunc(entries, after+1, func(e entry, position eventcore.Position) int {
		return cmp.Compare(e.position, position)
	})
	return entries[first:]
}

// version returns the version of a stream if one of its newest events is known.
func (u *unindexed) version(id eventcore.StreamID) eventcore.Version {
	u.mu.Lock()
	defer u.mu.Unlock()
	if entries := u.streams[id]; len(entries) > 0 {
		return entries[len(entries)-1].version
	}
	return 0
}

// find returns the positions after the cursor, between indexed and head as the connection's transaction sees them, of
// events in those streams that the filter names.
func (u *unindexed) find(
	conn *sqlite.Conn, indexed, cursor, head eventcore.Position, filter *eventcore.Filter,
) ([]eventcore.Position, error) {
	if err := u.extend(conn, indexed, head); err != nil {
		return nil, err
	}
	u.mu.Lock()
	if indexed < u.after { // the index has moved on twice since the transaction began
		u.mu.Unlock()
		own := &unindexed{}
		return own.find(conn, indexed, cursor, head, filter)
	}
	defer u.mu.Unlock()
	var positions []eventcore.Position
	for entries := range u.named(filter) {
		for _, e := range from(entries, max(indexed, cursor)) {
			if e.position <= head {
				positions = append(positions, e.position)
			}
		}
	}
	slices.Sort(positions)
	return slices.Compact(positions), nil
}

// named yields the entries of the streams that the filter names. The caller holds mu.
func (u *unindexed) named(filter *eventcore.Filter) iter.Seq[[]entry] {
	return func(yield func([]entry) bool) {
		if len(filter.Prefixes)+len(filter.Patterns) == 0 {
			for _, id := range filter.Streams {
				if !yield(u.streams[id]) {
					return
				}
			}
			return
		}
		names := eventcore.Filter{Streams: filter.Streams, Prefixes: filter.Prefixes, Patterns: filter.Patterns}
		event := eventcore.Event{Streams: make([]eventcore.Membership, 1)}
		for id, entries := range u.streams {
			event.Streams[0].Stream = id
			if names.Matches(&event) && !yield(entries) {
				return
			}
		}
	}
}

// due reports whether the index lacks so many memberships.
func (u *unindexed) due(memberships int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.count >= memberships
}

// membershipsOf are the memberships of one stream.
type membershipsOf struct {
	name    eventcore.StreamID
	key     int64
	entries []entry
}

// pending returns what the index lacks, by name, so that the names of new streams are written in their order.
func (u *unindexed) pending() []membershipsOf {
	u.mu.Lock()
	defer u.mu.Unlock()
	pending := make([]membershipsOf, 0, len(u.streams))
	for id, entries := range u.streams {
		if entries = from(entries, u.indexed); len(entries) > 0 {
			pending = append(pending, membershipsOf{name: id, entries: entries})
		}
	}
	slices.SortFunc(pending, func(a, b membershipsOf) int { return strings.Compare(string(a.name), string(b.name)) })
	return pending
}
