// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"maps"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

// headsKept is the number of streams whose heads are kept in memory, twice that for a moment.
const headsKept = 1 << 15

// streamHead is a stream's key in the database, 0 if it has none yet, and its version.
type streamHead struct {
	key     int64
	version eventcore.Version
}

// heads knows the versions of recently used streams. What it knows is current as long as the store's head is at:
// then every append since was this process's own.
type heads struct {
	at eventcore.Position
	// recent and older are two generations of committed heads: when recent is full it becomes older.
	recent, older map[eventcore.StreamID]streamHead
	// staged are the heads that the transaction under way has read or raised.
	staged map[eventcore.StreamID]streamHead
}

func newHeads(at eventcore.Position) heads {
	h := heads{staged: map[eventcore.StreamID]streamHead{}}
	h.reset(at)
	return h
}

// reset forgets everything and is current at the position.
func (h *heads) reset(at eventcore.Position) {
	h.at = at
	h.recent, h.older = map[eventcore.StreamID]streamHead{}, nil
	clear(h.staged)
}

// commit keeps what the transaction has staged; the store's head is at now.
func (h *heads) commit(at eventcore.Position) {
	if len(h.recent)+len(h.staged) > headsKept {
		h.older, h.recent = h.recent, make(map[eventcore.StreamID]streamHead, headsKept)
	}
	maps.Copy(h.recent, h.staged)
	h.at = at
	clear(h.staged)
}

// known reports whether the stream is certain to have a valid id.
func (h *heads) known(id eventcore.StreamID) bool {
	_, found := h.cached(id)
	return found
}

func (h *heads) cached(id eventcore.StreamID) (streamHead, bool) {
	if head, found := h.staged[id]; found {
		return head, true
	}
	if head, found := h.recent[id]; found {
		return head, true
	}
	head, found := h.older[id]
	return head, found
}

// of returns the head of a stream as the transaction sees it. The streams of guards and events must be valid by then.
func (h *heads) of(conn *sqlite.Conn, id eventcore.StreamID) (streamHead, error) {
	if head, found := h.cached(id); found {
		return head, nil
	}
	head := streamHead{}
	err := each(conn, selectStreamHead, func(stmt *sqlite.Stmt) (bool, error) {
		head.key = stmt.ColumnInt64(0)
		head.version = eventcore.Version(stmt.ColumnInt64(1)) //nolint:gosec // versions count up from 1.
		if head.version == 0 {
			return false, errors.New("sqlite: a stream without events: the database is damaged")
		}
		return false, nil
	}, string(id))
	if err == nil {
		h.staged[id] = head
	}
	return head, err
}

const selectStreamHead = `
SELECT id, (SELECT version FROM memberships WHERE stream = id ORDER BY position DESC LIMIT 1)
FROM streams WHERE name = ?1`
