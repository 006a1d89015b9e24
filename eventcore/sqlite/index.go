// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"iter"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/internal/column"
)

var _ inspect.Indexed = (*Store)(nil)

// indexEntries is the number of entries that Index reads at a time.
const indexEntries = 4096

// selectEntries reads on after an entry. A stream that has no name any more shows as one without.
const selectEntries = `
SELECT stream, position, version, coalesce((SELECT name FROM streams WHERE id = stream), '') FROM memberships
WHERE (stream, position) > (?1, ?2) AND (position <= ?3 OR position > (SELECT coalesce(max(position), 0) FROM events))
ORDER BY stream, position LIMIT ?4`

// Index implements inspect.Indexed. It reads in chunks, as Read does. The events that the index does not have yet are
// found through their own rows.
func (s *Store) Index(ctx context.Context, head eventcore.Position) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		var indexed eventcore.Position
		err := s.withReader(ctx, func(conn *sqlite.Conn) (err error) {
			_, indexed, err = readHeads(conn)
			return err
		})
		if err != nil {
			yield(eventcore.Event{}, err)
			return
		}
		if s.indexedEntries(ctx, min(indexed, head), yield) && indexed < head {
			s.newestEntries(ctx, indexed, head, yield)
		}
	}
}

// indexedEntries yields what the index holds up to the position, and beyond the last event. It reports whether to go on.
func (s *Store) indexedEntries(ctx context.Context, through eventcore.Position, yield func(eventcore.Event, error) bool) bool {
	stream, last := int64(0), eventcore.Position(0)
	for {
		entries := make([]eventcore.Event, 0, indexEntries)
		err := s.withReader(ctx, func(conn *sqlite.Conn) error {
			return each(conn, selectEntries, func(stmt *sqlite.Stmt) (bool, error) {
				entry := scanEntry(stmt)
				stream, last = stmt.ColumnInt64(0), entry.Position
				entries = append(entries, entry)
				return true, nil
			}, stream, last, through, int64(indexEntries))
		})
		if err != nil {
			yield(eventcore.Event{}, err)
			return false
		}
		for _, entry := range entries {
			if !yield(entry, nil) {
				return false
			}
		}
		if len(entries) < indexEntries {
			return true
		}
	}
}

// newestEntries yields the memberships of the events that the index does not have yet.
func (s *Store) newestEntries(ctx context.Context, after, through eventcore.Position, yield func(eventcore.Event, error) bool) {
	var entries []eventcore.Event
	err := s.withReader(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectStreams, func(stmt *sqlite.Stmt) (bool, error) {
			memberships, err := column.DecodeStreams(stmt.ColumnText(1))
			position := eventcore.Position(stmt.ColumnInt64(0)) //nolint:gosec // positions count up from 1.
			for _, m := range memberships {
				entries = append(entries, eventcore.Event{Position: position, Streams: []eventcore.Membership{m}})
			}
			return true, err
		}, after, through)
	})
	if err != nil {
		yield(eventcore.Event{}, err)
		return
	}
	for _, entry := range entries {
		if !yield(entry, nil) {
			return
		}
	}
}

func scanEntry(stmt *sqlite.Stmt) eventcore.Event {
	return eventcore.Event{
		Position: eventcore.Position(stmt.ColumnInt64(1)), //nolint:gosec // they count up.
		Streams: []eventcore.Membership{{
			Stream:  eventcore.StreamID(stmt.ColumnText(3)),
			Version: eventcore.Version(stmt.ColumnInt64(2)), //nolint:gosec // they count up.
		}},
	}
}
