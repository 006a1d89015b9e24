// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

var _ eventcore.CommandStore = (*Store)(nil)

// FindCommand implements eventcore.CommandStore.
func (s *Store) FindCommand(ctx context.Context, id string) (record eventcore.CommandRecord, found bool, err error) {
	err = s.withReader(ctx, func(conn *sqlite.Conn) error {
		find := "SELECT content, first_position, last_position FROM commands WHERE id = ?1"
		return each(conn, find, func(stmt *sqlite.Stmt) (bool, error) {
			stmt.ColumnBytes(0, record.Content[:])
			record.First = eventcore.Position(stmt.ColumnInt64(1)) //nolint:gosec // positions count up from 1.
			record.Last = eventcore.Position(stmt.ColumnInt64(2))  //nolint:gosec // positions count up from 1.
			found = true
			return false, nil
		}, id)
	})
	return record, found, err
}

// known returns the ids of those commands that are recorded.
func (w *writer) known(commands []eventcore.CommandEntry) ([]string, error) {
	var ids []string
	for i := range commands {
		found, err := queryInt(w.conn, "SELECT 1 FROM commands WHERE id = ?1", commands[i].ID)
		if err != nil {
			return nil, err
		}
		if found == 1 {
			ids = append(ids, commands[i].ID)
		}
	}
	return ids, nil
}

// record keeps the commands that have appended some of the events.
func (w *writer) record(commands []eventcore.CommandEntry, events []eventcore.Event) error {
	insert := "INSERT OR ROLLBACK INTO commands (id, content, first_position, last_position) VALUES (?1, ?2, ?3, ?4)"
	for _, c := range commands {
		if c.From == c.To {
			continue
		}
		first, last := events[c.From].Position, events[c.To-1].Position
		if err := execute(w.conn, insert, c.ID, c.Content[:], first, last); err != nil {
			return err
		}
	}
	return nil
}
