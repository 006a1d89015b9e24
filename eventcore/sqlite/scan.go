// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"encoding/json"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/column"
)

const (
	selectEvents = "SELECT " + eventColumns + " FROM events WHERE position > ?1 AND position <= ?2 "
	scanAll      = selectEvents + "ORDER BY position"
	scanTypes    = selectEvents + "AND type IN (SELECT value FROM json_each(?3)) ORDER BY position"
)

// nextByScan reads the log from the cursor. Streams are compared before the rest of a row is decoded.
func (r *reading) nextByScan(conn *sqlite.Conn) error {
	filter := r.filter
	filter.Types = nil // the statement has compared them
	anyStream := len(filter.Streams)+len(filter.Prefixes)+len(filter.Patterns) == 0
	row := func(stmt *sqlite.Stmt) (bool, error) {
		if !anyStream {
			memberships, err := column.DecodeStreams(stmt.ColumnText(streamsColumn))
			if err != nil {
				return false, err
			}
			if !filter.Matches(&eventcore.Event{Streams: memberships}) {
				return true, nil
			}
		}
		event, err := scanEvent(stmt)
		if err != nil {
			return false, err
		}
		return r.add(event), nil
	}
	err := r.scan(conn, row)
	r.done = r.done || !r.full
	return err
}

func (r *reading) scan(conn *sqlite.Conn, row func(*sqlite.Stmt) (bool, error)) error {
	if len(r.filter.Types) == 0 {
		return each(conn, scanAll, row, r.cursor, r.head)
	}
	types, err := json.Marshal(r.filter.Types)
	if err != nil {
		return err
	}
	return each(conn, scanTypes, row, r.cursor, r.head, string(types))
}
