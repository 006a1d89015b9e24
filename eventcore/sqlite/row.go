// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/column"
)

// eventColumns are the columns of an event in the order that scanEvent expects.
const eventColumns = "position, id, type, schema_version, recorded_at, metadata, streams, data"

const streamsColumn = 6

// insertAll is what insertEvent executes: nine parameters in the order of the columns.
const insertAll = "INSERT OR ROLLBACK INTO events (" + eventColumns + ", append_id) " +
	"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"

// insertEvent writes the event's row, with the id of the append if it is the first one in it.
func insertEvent(conn *sqlite.Conn, event *eventcore.Event, first uuid.UUID) error {
	appendID := []byte(nil)
	if first != uuid.Nil {
		appendID = first[:]
	}

	metadata, err := column.EncodeMetadata(&event.Metadata)
	if err != nil {
		return err
	}
	return execute(conn, insertAll,
		event.Position, event.ID[:], event.Type, int64(event.SchemaVersion), event.RecordedAt.UnixMicro(), metadata,
		column.EncodeStreams(event.Streams), string(event.Data), appendID)
}

// scanEvent decodes a row.
func scanEvent(stmt *sqlite.Stmt) (eventcore.Event, error) {
	event := eventcore.Event{
		Position:      eventcore.Position(stmt.ColumnInt64(0)), //nolint:gosec // positions count up from 1.
		Type:          stmt.ColumnText(2),
		SchemaVersion: stmt.ColumnInt(3),
		RecordedAt:    time.UnixMicro(stmt.ColumnInt64(4)).UTC(),
	}
	stmt.ColumnBytes(1, event.ID[:])
	var err error
	if event.Metadata, err = column.DecodeMetadata(stmt.ColumnText(5)); err == nil {
		event.Streams, err = column.DecodeStreams(stmt.ColumnText(streamsColumn))
	}
	if err != nil {
		return event, fmt.Errorf("sqlite: the event at position %d is damaged: %w", event.Position, err)
	}
	event.Data = make([]byte, stmt.ColumnLen(7))
	stmt.ColumnBytes(7, event.Data)
	return event, nil
}
