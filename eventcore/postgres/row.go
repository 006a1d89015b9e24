// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/column"
)

// eventColumns are the columns of an event in the order that scanEvent expects.
const eventColumns = "position, id, type, schema_version, recorded_at, metadata, streams, data"

// scanEvent decodes a row of a page, which has the head as its last column.
func scanEvent(rows pgx.Rows) (event eventcore.Event, head eventcore.Position, err error) {
	place, version, last, metadata, streams := int64(0), int64(0), int64(0), "", ""
	err = rows.Scan(&place, (*[16]byte)(&event.ID), &event.Type, &version, &event.RecordedAt, &metadata, &streams,
		&event.Data, &last)
	if err != nil {
		return event, 0, err
	}
	event.Position, event.SchemaVersion, event.RecordedAt = position(place), int(version), event.RecordedAt.UTC()
	if event.Metadata, err = column.DecodeMetadata(metadata); err == nil {
		event.Streams, err = column.DecodeStreams(streams)
	}
	if err != nil {
		return event, 0, fmt.Errorf("postgres: the event at position %d is damaged: %w", place, err)
	}
	return event, position(last), nil
}

func position(value int64) eventcore.Position {
	return eventcore.Position(value) //nolint:gosec // positions count up from 0.
}

// bigint returns the position as the database has it; what lies beyond its range lies beyond every head.
func bigint(position eventcore.Position) int64 {
	return int64(min(position, 1<<63-1))
}
