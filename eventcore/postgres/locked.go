// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventcore/order-operator/eventcore"
)

// errHeadMoved cannot be: the row's lock was held.
var errHeadMoved = errors.New("postgres: the head moved although its row was locked; nothing was written")

// appendLocked takes the head row's lock, reads what others have appended, and appends if the guards hold: in two round
// trips, as long as that is not too much. It cannot lose a race.
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
	if err := w.check(request, found.sight); err != nil {
		// A connection that fails to roll back is given up, and then the server does it.
		_, _ = conn.Exec(ctx, "ROLLBACK")
		return eventcore.Appended{}, err
	}
	in, err := newInsertion(&w.heads, request)
	if err != nil {
		return eventcore.Appended{}, err
	}
	appended, err := w.commitLocked(ctx, conn, request, in)
	appended.Tail = found.others
	return appended, err
}

// lock begins a transaction that holds the head row's lock, reads the tail and looks. Nobody is left waiting because
// the lock's holder cannot be reached any more: see lockHead.
func (w *writer) lock(ctx context.Context, conn *pgxpool.Conn, request *eventcore.AppendRequest) (locked, error) {
	names := w.heads.unknown(request)
	batch := &pgx.Batch{}
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	batch.Queue(w.sql.lockHead)
	batch.Queue(w.sql.scan, w.heads.row.position, int64(math.MaxInt64), pageEvents, pageBytes, []string(nil), []string(nil))
	batch.Queue(w.sql.lookUp, names, request.ID.String(), commandIDs(request))
	results := conn.SendBatch(ctx, batch)
	l, err := w.readLocked(results, names)
	if err = finish(results, err); err != nil {
		return locked{}, err
	}
	if l.row.position == w.heads.row.position && l.row.streams == w.heads.row.streams {
		w.heads.row = l.row // at most somebody has raised the fence
		return l, nil
	}
	// The tail is longer than a page.
	w.heads.reset(l.row)
	names = streamNames(request)
	rows, err := conn.Query(ctx, w.sql.lookUp, names, request.ID.String(), commandIDs(request))
	if err != nil {
		return locked{}, err
	}
	l.others = nil
	l.row, l.sight, err = w.stage(rows, names)
	return l, err
}

// locked is what lock has found out.
type locked struct {
	sight
	row headRow
	// others are the events after the head that was known, nil if there are too many to read with the lock held.
	others []eventcore.Event
}

// readLocked reads the answers of lock's statements, and takes over what others have appended.
func (w *writer) readLocked(results pgx.BatchResults, names []string) (l locked, err error) {
	for range 2 { // BEGIN and lockHead
		if _, err := results.Exec(); err != nil {
			return l, err
		}
	}
	rows, err := results.Query()
	if err != nil {
		return l, err
	}
	if l.others, err = scanPage(rows); err != nil {
		return l, err
	}
	w.heads.follow(l.others)
	if rows, err = results.Query(); err != nil {
		return l, err
	}
	l.row, l.sight, err = w.stage(rows, names)
	return l, err
}

func scanPage(rows pgx.Rows) (events []eventcore.Event, err error) {
	defer rows.Close()
	for rows.Next() {
		event, _, err := scanEvent(rows)
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, rows.Err()
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
