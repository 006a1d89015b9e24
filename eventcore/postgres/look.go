// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
)

// sight is what the statement lookUp tells besides the heads of streams.
type sight struct {
	fenced   bool
	commands []string
}

// stage reads the answer of the statement lookUp, stages the heads of the streams, and returns the head row, which may
// be ahead of what is known.
func (w *writer) stage(rows pgx.Rows, names []string) (row headRow, found sight, err error) {
	defer rows.Close()
	for number := 0; rows.Next(); number++ {
		id, version := int64(0), int64(0)
		err := rows.Scan(&row.position, &row.streams, &row.fence, &found.fenced, &found.commands, &id, &version)
		if err != nil {
			return row, found, err
		}
		if row.position < w.heads.row.position {
			return row, found, rolledBack(position(w.heads.row.position), position(row.position))
		}
		if id > 0 && version == 0 {
			return row, found, errors.New("postgres: a stream without events: the database is damaged")
		}
		if number < len(names) {
			head := streamHead{id: id, version: eventcore.Version(version)}
			w.heads.staged[eventcore.StreamID(names[number])] = head
		}
	}
	return row, found, rows.Err()
}

// check returns why the append cannot be, given what was staged.
func (w *writer) check(request *eventcore.AppendRequest, found sight) error {
	if found.fenced {
		return eventcore.ErrFenced
	}
	conflict := eventcore.ConflictError{Conflicts: w.heads.conflicts(request.Guards)}
	for _, id := range commandIDs(request) {
		if slices.Contains(found.commands, id) {
			conflict.Commands = append(conflict.Commands, id)
		}
	}
	if len(conflict.Conflicts)+len(conflict.Commands) > 0 {
		return &conflict
	}
	return nil
}

// streamNames returns the streams of all guards and events, each once.
func streamNames(request *eventcore.AppendRequest) []string {
	seen := map[eventcore.StreamID]struct{}{}
	names := []string{}
	add := func(id eventcore.StreamID) {
		if _, found := seen[id]; !found {
			seen[id] = struct{}{}
			names = append(names, string(id))
		}
	}
	for _, guard := range request.Guards {
		add(guard.Stream)
	}
	for i := range request.Events {
		for _, membership := range request.Events[i].Streams {
			add(membership.Stream)
		}
	}
	return names
}

func commandIDs(request *eventcore.AppendRequest) []string {
	ids := make([]string, 0, len(request.Commands))
	for i := range request.Commands {
		ids = append(ids, request.Commands[i].ID)
	}
	return ids
}
