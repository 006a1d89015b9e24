// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"cmp"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

// index writes the memberships of the events up to the head into the index by stream, all at once and in the index's
// own order. The events of an append belong to streams all over the index: written with each append, every one of them
// would change a page of its own, which is then written to the disk. The transaction is the append's.
func (w *writer) index(head eventcore.Position) error {
	pending := w.unindexed.pending()
	for i := range pending {
		key, err := w.streamKey(pending[i].name)
		if err != nil {
			return err
		}
		pending[i].key = key
	}
	slices.SortFunc(pending, func(a, b membershipsOf) int { return cmp.Compare(a.key, b.key) })
	insert := "INSERT OR ROLLBACK INTO memberships (stream, position, version) VALUES (?1, ?2, ?3)"
	for i := range pending {
		for _, e := range pending[i].entries {
			version := int64(e.version) //nolint:gosec // it counts up.
			if err := execute(w.conn, insert, pending[i].key, e.position, version); err != nil {
				return err
			}
		}
	}
	return execute(w.conn, "UPDATE store SET indexed = ?1", head)
}

// streamKey returns the stream's key in the index, and gives it one if it has none.
func (w *writer) streamKey(id eventcore.StreamID) (int64, error) {
	key, err := queryInt(w.conn, "SELECT id FROM streams WHERE name = ?1", string(id))
	if err != nil || key != 0 {
		return key, err
	}
	err = execute(w.conn, "INSERT OR ROLLBACK INTO streams (name) VALUES (?1)", string(id))
	return w.conn.LastInsertRowID(), err
}

// readHeads returns the head, and the last position in the index.
func readHeads(conn *sqlite.Conn) (head, indexed eventcore.Position, err error) {
	err = each(conn, selectHeads, func(stmt *sqlite.Stmt) (bool, error) {
		head = eventcore.Position(stmt.ColumnInt64(0))    //nolint:gosec // positions count up from 1.
		indexed = eventcore.Position(stmt.ColumnInt64(1)) //nolint:gosec // positions count up from 1.
		return false, nil
	})
	return head, indexed, err
}

const selectHeads = "SELECT (SELECT max(position) FROM events), (SELECT indexed FROM store)"
