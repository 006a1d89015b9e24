// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
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

	metadata, err := encodeMetadata(&event.Metadata)
	if err != nil {
		return err
	}
	return execute(conn, insertAll,
		event.Position, event.ID[:], event.Type, int64(event.SchemaVersion), event.RecordedAt.UnixMicro(), metadata,
		encodeStreams(event.Streams), string(event.Data), appendID)
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
	if event.Metadata, err = decodeMetadata(stmt.ColumnText(5)); err == nil {
		event.Streams, err = decodeStreams(stmt.ColumnText(streamsColumn))
	}
	if err != nil {
		return event, fmt.Errorf("sqlite: the event at position %d is damaged: %w", event.Position, err)
	}
	event.Data = make([]byte, stmt.ColumnLen(7))
	stmt.ColumnBytes(7, event.Data)
	return event, nil
}

func encodeMetadata(metadata *eventcore.Metadata) (string, error) {
	if *metadata == (eventcore.Metadata{}) {
		return "", nil
	}
	text, err := json.Marshal(metadata)
	return string(text), err
}

func decodeMetadata(text string) (eventcore.Metadata, error) {
	metadata := eventcore.Metadata{}
	if text == "" {
		return metadata, nil
	}
	err := json.Unmarshal([]byte(text), &metadata)
	return metadata, err
}

// encodeStreams writes a line "version name" for each membership; no stream id holds a line break.
func encodeStreams(memberships []eventcore.Membership) string {
	text := make([]byte, 0, 64*len(memberships))
	for i, membership := range memberships {
		if i > 0 {
			text = append(text, '\n')
		}
		text = strconv.AppendUint(text, uint64(membership.Version), 10)
		text = append(text, ' ')
		text = append(text, membership.Stream...)
	}
	return string(text)
}

func decodeStreams(text string) ([]eventcore.Membership, error) {
	memberships := make([]eventcore.Membership, 0, strings.Count(text, "\n")+1)
	for line := range strings.SplitSeq(text, "\n") {
		version, name, found := strings.Cut(line, " ")
		number, err := strconv.ParseUint(version, 10, 64)
		if !found || err != nil {
			return nil, fmt.Errorf("streams %q: want a version and a name in every line", text)
		}
		membership := eventcore.Membership{Stream: eventcore.StreamID(name), Version: eventcore.Version(number)}
		memberships = append(memberships, membership)
	}
	return memberships, nil
}
