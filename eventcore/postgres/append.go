// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

// Append implements eventcore.Store. An acknowledged append is as durable as the server makes a commit. Appends of one
// Store are made one after another.
func (s *Store) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if err := s.enter(ctx); err != nil {
		return eventcore.Appended{}, err
	}
	defer s.leave()
	if err := s.writer.acquire(ctx); err != nil {
		return eventcore.Appended{}, err
	}
	defer s.writer.release()
	if request.ID == uuid.Nil {
		request.ID = uuid.New()
	}
	if err := tail.Check(&request, s.limits, s.writer.heads.known); err != nil {
		return eventcore.Appended{}, err
	}
	defer s.catchUp()
	appended, err := s.writer.append(ctx, &request)
	if err != nil {
		return eventcore.Appended{}, err
	}
	// Published before the lock is released: in the order of commits.
	if others := appended.Tail; len(others) > 0 {
		s.tail.Publish(others[0].Position-1, others)
		appended.Tail = since(others, request.Head)
	}
	s.tail.Publish(appended.Previous, appended.Events)
	return appended, nil
}

// since returns the events after the position, or nil if some are missing.
func since(events []eventcore.Event, after eventcore.Position) []eventcore.Event {
	if events[0].Position > after+1 {
		return nil
	}
	return events[min(int(after+1-events[0].Position), len(events)):] //nolint:gosec // it is no larger than a page.
}

// append tries until the append has succeeded or failed for good, or patience is at its end.
func (w *writer) append(ctx context.Context, request *eventcore.AppendRequest) (eventcore.Appended, error) {
	limited, cancel := w.limit(ctx)
	defer cancel()
	for delay := firstDelay; ; delay = min(2*delay, lastDelay) {
		appended, err := w.try(limited, request)
		clear(w.heads.staged)
		if err == nil {
			return appended, nil
		}
		lost, isLost := errors.AsType[*lostReply](err)
		if isLost {
			first, resolveErr := w.resolve(ctx, request.ID, lost.appended.Previous, findOut)
			if resolveErr != nil {
				err = errors.Join(err, resolveErr)
				return eventcore.Appended{}, fmt.Errorf("postgres: %w: %w", eventcore.ErrOutcomeUnknown, err)
			}
			if first != 0 {
				return lost.appended, nil
			}
		}
		if ctx.Err() != nil {
			return eventcore.Appended{}, ctx.Err()
		}
		if !isLost && !isTransient(err) || sleep(limited, delay) != nil {
			return eventcore.Appended{}, fmt.Errorf("postgres: nothing was appended: %w", err)
		}
	}
}

// try makes one attempt. Any error but *lostReply means that nothing was written.
func (w *writer) try(ctx context.Context, request *eventcore.AppendRequest) (eventcore.Appended, error) {
	if len(request.Events) == 0 {
		return w.validate(ctx, request)
	}
	if !w.contended {
		appended, err := w.appendAtOnce(ctx, request)
		if !errors.Is(err, errLook) {
			return appended, err
		}
		clear(w.heads.staged)
	}
	return w.appendLocked(ctx, request)
}

// validate checks the guards and commands of an append without events, in one snapshot.
func (w *writer) validate(ctx context.Context, request *eventcore.AppendRequest) (eventcore.Appended, error) {
	names, commands := streamNames(request), commandIDs(request)
	rows, err := w.pool.Query(ctx, w.sql.lookUp, names, request.ID.String(), commands)
	if err != nil {
		return eventcore.Appended{}, err
	}
	row, found, err := w.stage(rows, names)
	if err == nil {
		err = w.check(request, found)
	}
	w.contended = w.contended || row.position > w.heads.row.position
	return eventcore.Appended{Previous: position(row.position)}, err
}

// appendAtOnce appends with one statement if nobody else has written since the last time, and if it knows enough about
// the streams. Otherwise it returns errLook, and nothing was written.
func (w *writer) appendAtOnce(ctx context.Context, request *eventcore.AppendRequest) (eventcore.Appended, error) {
	in, err := newInsertion(&w.heads, request)
	if err != nil {
		return eventcore.Appended{}, err
	}
	appended := eventcore.Appended{Previous: position(in.before.position), Events: in.events}
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return eventcore.Appended{}, err
	}
	defer conn.Release()
	w.inFlight.Store(uint64(position(in.after.position)))
	rows, err := conn.Query(ctx, w.sql.insert, in.arguments(request.ID, w.sql.schema)...)
	if err != nil {
		return eventcore.Appended{}, sent(err, appended)
	}
	ids, err := scanInserted(rows)
	switch {
	case hasCode(err, serializationFailure):
		// The role's default isolation level is so high that a lost race shows like this.
		return eventcore.Appended{}, errLook
	case err != nil:
		return eventcore.Appended{}, sent(err, appended)
	case ids == nil:
		return eventcore.Appended{}, errLook
	}
	in.learn(&w.heads, ids)
	return appended, nil
}

// scanInserted reads the answer of the statement insert, to its end: the commit has happened when there is no error.
// ids is nil if nothing was appended.
func scanInserted(rows pgx.Rows) (ids []int64, err error) {
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&ids); err != nil {
			return nil, err
		}
	}
	return ids, rows.Err()
}
