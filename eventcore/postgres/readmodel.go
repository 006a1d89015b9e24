// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
)

// readModel is an eventcore.ReadModel in the same schema as the events.
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
	selectDocument = `
SELECT value FROM {schema}.read_models JOIN {schema}.documents ON model = id WHERE name = $1 AND key = $2`
	selectDocuments = `
SELECT key, value FROM {schema}.read_models JOIN {schema}.documents ON model = id WHERE name = $1 ORDER BY key`
	// updateModel returns a row if the checkpoint was where it should be. One that is not there yet is at 0.
	updateModel = `
WITH moved AS (
	INSERT INTO {schema}.read_models AS current (name, checkpoint)
	SELECT $1::text, $3::bigint
	WHERE $2::bigint = 0 OR EXISTS (SELECT FROM {schema}.read_models WHERE name = $1::text)
	ON CONFLICT (name) DO UPDATE SET checkpoint = excluded.checkpoint WHERE current.checkpoint = $2
	RETURNING id
), deleted AS (
	DELETE FROM {schema}.documents USING moved WHERE model = moved.id AND key = ANY ($4::bytea[])
), written AS (
	INSERT INTO {schema}.documents (model, key, value)
	SELECT moved.id, given.key, given.value FROM moved, unnest($5::bytea[], $6::bytea[]) AS given (key, value)
	ON CONFLICT (model, key) DO UPDATE SET value = excluded.value
)
SELECT id FROM moved`
)

// Checkpoint implements eventcore.ReadModel.
func (m *readModel) Checkpoint(ctx context.Context) (eventcore.Position, error) {
	checkpoint := int64(0)
	err := m.query(ctx, func(rows pgx.Rows) error { return rows.Scan(&checkpoint) }, m.store.sql.selectCheckpoint, m.name)
	return position(checkpoint), err
}

// Get implements eventcore.ReadModel.
func (m *readModel) Get(ctx context.Context, key string) (value []byte, found bool, err error) {
	row := func(rows pgx.Rows) error {
		found = true
		return rows.Scan(&value)
	}
	if err := m.query(ctx, row, m.store.sql.selectDocument, m.name, []byte(key)); err != nil {
		return nil, false, err
	}
	return value, found, nil
}

// All implements eventcore.ReadModel. The documents are those of one moment, and are held in memory meanwhile.
func (m *readModel) All(ctx context.Context) iter.Seq2[eventcore.Document, error] {
	return func(yield func(eventcore.Document, error) bool) {
		var documents []eventcore.Document
		row := func(rows pgx.Rows) error {
			var key, value []byte
			if err := rows.Scan(&key, &value); err != nil {
				return err
			}
			documents = append(documents, eventcore.Document{Key: string(key), Value: value})
			return nil
		}
		if err := m.query(ctx, row, m.store.sql.selectDocuments, m.name); err != nil {
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

// query calls row for every row of the answer. No connection is held while the caller works.
func (m *readModel) query(ctx context.Context, row func(pgx.Rows) error, sql string, arguments ...any) error {
	if err := m.store.enter(ctx); err != nil {
		return err
	}
	defer m.store.leave()
	rows, err := m.store.pool.Query(ctx, sql, arguments...)
	if err != nil {
		return readError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return readError(ctx, err)
		}
	}
	return readError(ctx, rows.Err())
}

// Update implements eventcore.ReadModel, in one round trip.
func (m *readModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	moved := false
	row := func(pgx.Rows) error {
		moved = true
		return nil
	}
	deleted, keys, values := columnsOf(changes)
	err := m.query(ctx, row, m.store.sql.updateModel, m.name, bigint(from), bigint(to), deleted, keys, values)
	if hasCode(err, serializationFailure) {
		err = nil // another writer was faster, and the role's default isolation level is high
	}
	if err != nil || moved {
		return err
	}
	now, err := m.Checkpoint(ctx)
	if err == nil {
		err = fmt.Errorf("it is at %d", now)
	}
	return fmt.Errorf("%w: read model %s is not at %d: %w", eventcore.ErrCheckpointMoved, m.name, from, err)
}

// columnsOf splits the changes into keys to delete, and keys with values to write: of each key the last.
func columnsOf(changes []eventcore.Change) (deleted, keys, values [][]byte) {
	last := make(map[string]int, len(changes))
	for i, change := range changes {
		last[change.Key] = i
	}
	for i, change := range changes {
		switch {
		case last[change.Key] != i:
		case change.Value == nil:
			deleted = append(deleted, []byte(change.Key))
		default:
			keys, values = append(keys, []byte(change.Key)), append(values, change.Value)
		}
	}
	return deleted, keys, values
}
