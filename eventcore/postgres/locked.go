// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventcore/order-operator/eventcore"
)

// errHeadMoved cannot be: the row's lock was held.
var errHeadMoved = errors.New("postgres: the head moved although its row was locked; nothing was written")

// appendLocked takes the head row's lock, looks at the streams, and appends if the guards hold: in two round trips. It
// cannot lose a race.
func (w *writer) appendLocked(ctx context.Context, request *eventcore.AppendRequest) (eventcore.Appended, error) {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return eventcore.Appended{}, err
	}
	// A transaction that is still open then ends with its connection.
	defer conn.Release()
	known := w.heads.row
	if err := w.lock(ctx, conn, streamNames(request)); err != nil {
		return eventcore.Appended{}, err
	}
	w.contended = w.heads.row != known
	if conflicts := w.heads.conflicts(request.Guards); len(conflicts) > 0 {
		w.heads.commit(w.heads.row)
		// A connection that fails to roll back is given up, and then the server does it.
		_, _ = conn.Exec(ctx, "ROLLBACK")
		return eventcore.Appended{}, &eventcore.ConflictError{Conflicts: conflicts}
	}
	in, err := newInsertion(&w.heads, request)
	if err != nil {
		return eventcore.Appended{}, err
	}
	return w.commitLocked(ctx, conn, request, in)
}

// lock begins a transaction that holds the head row's lock, and stages the heads of the streams. The lock's holder must
// not leave others waiting because it cannot be reached any more.
func (w *writer) lock(ctx context.Context, conn *pgxpool.Conn, names []string) error {
	batch := &pgx.Batch{}
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	batch.Queue("SET LOCAL idle_in_transaction_session_timeout = '10s'")
	batch.Queue(w.sql.lockHead)
	batch.Queue(w.sql.lookUp, names)
	results := conn.SendBatch(ctx, batch)
	for range batch.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			return finish(results, err)
		}
	}
	rows, err := results.Query()
	if err != nil {
		return finish(results, err)
	}
	return finish(results, w.stage(rows, names))
}

func (w *writer) commitLocked(
	ctx context.Context, conn *pgxpool.Conn, request *eventcore.AppendRequest, in *insertion,
) (eventcore.Appended, error) {
	appended := eventcore.Appended{Previous: position(in.before.position), Events: in.events}
	w.inFlight.Store(uint64(position(in.after.position)))
	batch := &pgx.Batch{}
	batch.Queue(w.sql.insert, in.arguments(request.ID, w.sql.schema)...)
	batch.Queue("COMMIT")
	results := conn.SendBatch(ctx, batch)
	ids := []int64(nil)
	rows, err := results.Query()
	if err == nil {
		ids, err = scanInserted(rows)
	}
	if err == nil {
		_, err = results.Exec()
	}
	if err = finish(results, err); err != nil {
		return eventcore.Appended{}, sent(err, appended)
	}
	if ids == nil {
		return eventcore.Appended{}, errHeadMoved
	}
	in.learn(&w.heads, ids)
	return appended, nil
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

// stage reads the answer of the statement lookUp. If the head row is not where it was, all that was known is forgotten.
func (w *writer) stage(rows pgx.Rows, names []string) error {
	defer rows.Close()
	for number := 0; rows.Next(); number++ {
		row, id, version := headRow{}, int64(0), int64(0)
		if err := rows.Scan(&row.position, &row.streams, &row.fence, &id, &version); err != nil {
			return err
		}
		if row != w.heads.row {
			w.heads.reset(row)
		}
		if id > 0 && version == 0 {
			return errors.New("postgres: a stream without events: the database is damaged")
		}
		if number < len(names) {
			head := streamHead{id: id, version: eventcore.Version(version)} //nolint:gosec // versions count up from 0.
			w.heads.staged[eventcore.StreamID(names[number])] = head
		}
	}
	return rows.Err()
}
