// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"iter"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

// readModel is an eventcore.ReadModel in the same file as the events.
type readModel struct {
	store *Store
	name  string
}

// ReadModel implements eventcore.Store.
func (s *Store) ReadModel(name string) (eventcore.ReadModel, error) {
	if err := eventcore.StreamID(name).Validate(); err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return &readModel{store: s, name: name}, nil
}

const (
	selectModel    = "SELECT id, checkpoint FROM read_models WHERE name = ?1"
	selectDocument = `
SELECT value FROM read_models JOIN documents ON model = id WHERE name = ?1 AND key = ?2`
	selectDocuments = `
SELECT key, value FROM read_models JOIN documents ON model = id WHERE name = ?1 ORDER BY key`
	upsertModel = `
INSERT INTO read_models (name, checkpoint) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET checkpoint = excluded.checkpoint`
	upsertDocument = `
INSERT INTO documents (model, key, value) VALUES (?1, ?2, ?3)
ON CONFLICT (model, key) DO UPDATE SET value = excluded.value`
	deleteDocument = "DELETE FROM documents WHERE model = ?1 AND key = ?2"
)

// Checkpoint implements eventcore.ReadModel.
func (m *readModel) Checkpoint(ctx context.Context) (eventcore.Position, error) {
	checkpoint := eventcore.Position(0)
	err := m.store.withReader(ctx, func(conn *sqlite.Conn) (err error) {
		_, checkpoint, err = m.find(conn)
		return err
	})
	return checkpoint, err
}

// find returns the model's key, 0 if it was never written, and its checkpoint.
func (m *readModel) find(conn *sqlite.Conn) (key int64, checkpoint eventcore.Position, err error) {
	err = each(conn, selectModel, func(stmt *sqlite.Stmt) (bool, error) {
		key = stmt.ColumnInt64(0)
		checkpoint = eventcore.Position(stmt.ColumnInt64(1)) //nolint:gosec // no position is negative.
		return false, nil
	}, m.name)
	return key, checkpoint, err
}

// Get implements eventcore.ReadModel.
func (m *readModel) Get(ctx context.Context, key string) ([]byte, bool, error) {
	var value []byte
	err := m.store.withReader(ctx, func(conn *sqlite.Conn) error {
		return each(conn, selectDocument, func(stmt *sqlite.Stmt) (bool, error) {
			value = columnBytes(stmt, 0)
			return false, nil
		}, m.name, key)
	})
	return value, value != nil && err == nil, err
}

// All implements eventcore.ReadModel. The documents are those of one moment, and are held in memory meanwhile.
func (m *readModel) All(ctx context.Context) iter.Seq2[eventcore.Document, error] {
	return func(yield func(eventcore.Document, error) bool) {
		var documents []eventcore.Document
		err := m.store.withReader(ctx, func(conn *sqlite.Conn) error {
			return each(conn, selectDocuments, func(stmt *sqlite.Stmt) (bool, error) {
				documents = append(documents, eventcore.Document{Key: stmt.ColumnText(0), Value: columnBytes(stmt, 1)})
				return true, nil
			}, m.name)
		})
		if err != nil {
			yield(eventcore.Document{}, err)
			return
		}
		for _, document := range documents {
			if !yield(document, nil) {
				return
			}
		}
	}
}

func columnBytes(stmt *sqlite.Stmt, column int) []byte {
	value := make([]byte, stmt.ColumnLen(column))
	stmt.ColumnBytes(column, value)
	return value
}

// Update implements eventcore.ReadModel.
func (m *readModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	return m.store.update(ctx, func(conn *sqlite.Conn) error { return m.write(conn, from, to, changes) })
}

func (m *readModel) write(conn *sqlite.Conn, from, to eventcore.Position, changes []eventcore.Change) error {
	_, checkpoint, err := m.find(conn)
	if err != nil {
		return err
	}
	if checkpoint != from {
		return fmt.Errorf("%w: read model %s is at %d, not at %d", eventcore.ErrCheckpointMoved, m.name, checkpoint, from)
	}
	if err := execute(conn, upsertModel, m.name, to); err != nil {
		return err
	}
	key, _, err := m.find(conn)
	if err != nil {
		return err
	}
	for _, change := range changes {
		if change.Value == nil {
			err = execute(conn, deleteDocument, key, change.Key)
		} else {
			err = execute(conn, upsertDocument, key, change.Key, change.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
