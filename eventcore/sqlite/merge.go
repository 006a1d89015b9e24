// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

// indexPage is the number of positions read from a stream's index at a time.
const indexPage = 64

const (
	selectIndex = `
SELECT position FROM memberships WHERE stream = ?1 AND position > ?2 AND position <= ?3 ORDER BY position LIMIT ?4`
	selectStream = `
SELECT ` + eventColumns + ` FROM memberships CROSS JOIN events USING (position)
WHERE stream = ?1 AND position > ?2 AND position <= ?3 ORDER BY position`
	selectEvent = "SELECT " + eventColumns + " FROM events WHERE position = ?1"
)

// streamCursor walks over the positions of one stream.
type streamCursor struct {
	stream    int64
	positions []eventcore.Position
	// last is set when no positions follow those in hand.
	last bool
}

// nextByIndex reads what the index has of the streams, and then what it does not have yet.
func (r *reading) nextByIndex(conn *sqlite.Conn) (err error) {
	switch len(r.streams) {
	case 0:
	case 1:
		err = r.nextOfStream(conn)
	default:
		err = r.nextByStreams(conn)
	}
	for err == nil && !r.full && len(r.newest) > 0 {
		err = r.fetch(conn, r.newest[0])
		r.newest = r.newest[1:]
	}
	r.done = r.done || !r.full
	return err
}

// nextOfStream reads one stream.
func (r *reading) nextOfStream(conn *sqlite.Conn) error {
	filter := eventcore.Filter{Types: r.filter.Types}
	err := each(conn, selectStream, func(stmt *sqlite.Stmt) (bool, error) {
		event, err := scanEvent(stmt)
		if err == nil && filter.Matches(&event) {
			r.add(event)
		}
		return !r.full, err
	}, r.streams[0], r.cursor, r.indexed)
	if !r.full {
		r.streams = nil
	}
	return err
}

// nextByStreams merges the streams' positions, and fetches every event once.
func (r *reading) nextByStreams(conn *sqlite.Conn) error {
	cursors := make([]*streamCursor, 0, len(r.streams))
	for _, stream := range r.streams {
		cursor := &streamCursor{stream: stream}
		if err := cursor.fill(conn, r.cursor, r.indexed); err != nil {
			return err
		}
		cursors = append(cursors, cursor)
	}
	for !r.full {
		position, found := least(cursors)
		if !found {
			r.streams = nil
			return nil
		}
		for _, cursor := range cursors {
			if err := cursor.pass(conn, position, r.indexed); err != nil {
				return err
			}
		}
		if err := r.fetch(conn, position); err != nil {
			return err
		}
	}
	return nil
}

// fetch reads the event at the position.
func (r *reading) fetch(conn *sqlite.Conn, position eventcore.Position) error {
	filter := eventcore.Filter{Types: r.filter.Types}
	return each(conn, selectEvent, func(stmt *sqlite.Stmt) (bool, error) {
		event, err := scanEvent(stmt)
		if err == nil && filter.Matches(&event) {
			r.add(event)
		}
		return false, err
	}, position)
}

// least returns the lowest position that a cursor is at, and false if all are at their end.
func least(cursors []*streamCursor) (eventcore.Position, bool) {
	lowest, found := eventcore.Position(0), false
	for _, cursor := range cursors {
		if len(cursor.positions) > 0 && (!found || cursor.positions[0] < lowest) {
			lowest, found = cursor.positions[0], true
		}
	}
	return lowest, found
}

// pass moves the cursor past the position if it is at it.
func (c *streamCursor) pass(conn *sqlite.Conn, position, head eventcore.Position) error {
	if len(c.positions) == 0 || c.positions[0] != position {
		return nil
	}
	c.positions = c.positions[1:]
	if len(c.positions) > 0 || c.last {
		return nil
	}
	return c.fill(conn, position, head)
}

// fill reads the next page of positions.
func (c *streamCursor) fill(conn *sqlite.Conn, after, head eventcore.Position) error {
	c.positions = c.positions[:0]
	err := each(conn, selectIndex, func(stmt *sqlite.Stmt) (bool, error) {
		c.positions = append(c.positions, eventcore.Position(stmt.ColumnInt64(0))) //nolint:gosec // they count up.
		return true, nil
	}, c.stream, after, head, int64(indexPage))
	c.last = len(c.positions) < indexPage
	return err
}
