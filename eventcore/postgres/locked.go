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
	found, err := w.lock(ctx, conn, request)
	if err != nil {
		return eventcore.Appended{}, err
	}
	w.contended = w.heads.row != known
	if err := w.check(request, found); err != nil {
		// A connection that fails to roll back is given up, and then the server does it.
		_, _ = conn.Exec(ctx, "ROLLBACK")
		return eventcore.Appended{}, err
	}
	in, err := newInsertion(&w.heads, request)
	if err != nil {
		return eventcore.Appended{}, err
	}
	return w.commitLocked(ctx, conn, request, in)
}

// lock begins a transaction that holds the head row's lock, and looks. The lock's holder must not leave others waiting
// because it cannot be reached any more.
func (w *writer) lock(ctx context.Context, conn *pgxpool.Conn, request *eventcore.AppendRequest) (sight, error) {
	names, commands := streamNames(request), commandIDs(request)
	batch := &pgx.Batch{}
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	batch.Queue("SET LOCAL idle_in_transaction_session_timeout = '10s'")
	batch.Queue(w.sql.lockHead)
	batch.Queue(w.sql.lookUp, names, request.ID.String(), commands)
	results := conn.SendBatch(ctx, batch)
	for range batch.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			return sight{}, finish(results, err)
		}
	}
	rows, err := results.Query()
	if err != nil {
		return sight{}, finish(results, err)
	}
	found, err := w.stage(rows, names)
	return found, finish(results, err)
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
