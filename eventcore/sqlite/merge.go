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
SELECT memberships.position FROM streams JOIN memberships ON memberships.stream = streams.id
WHERE streams.name = ?1 AND memberships.position > ?2 AND memberships.position <= ?3
ORDER BY memberships.position LIMIT ?4`
	selectEvent = "SELECT " + eventColumns + " FROM events WHERE position = ?1"
)

// streamCursor walks over the positions of one stream.
type streamCursor struct {
	name      string
	positions []eventcore.Position
	// last is set when no positions follow those in hand.
	last bool
}

// nextByStreams merges the streams' positions, and fetches every event once.
func (r *reading) nextByStreams(conn *sqlite.Conn) error {
	cursors := make([]*streamCursor, 0, len(r.streams))
	for _, name := range r.streams {
		cursor := &streamCursor{name: name}
		if err := cursor.fill(conn, r.cursor, r.head); err != nil {
			return err
		}
		cursors = append(cursors, cursor)
	}
	filter := eventcore.Filter{Types: r.filter.Types}
	for {
		position, found := least(cursors)
		if !found {
			r.done = true
			return nil
		}
		for _, cursor := range cursors {
			if err := cursor.pass(conn, position, r.head); err != nil {
				return err
			}
		}
		more := true
		err := each(conn, selectEvent, func(stmt *sqlite.Stmt) (bool, error) {
			event, err := scanEvent(stmt)
			if err == nil && filter.Matches(&event) {
				more = r.add(event)
			}
			return false, err
		}, position)
		if err != nil || !more {
			return err
		}
	}
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
	}, c.name, after, head, int64(indexPage))
	c.last = len(c.positions) < indexPage
	return err
}
