// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

// Append implements eventcore.Store. An acknowledged append is on the disk.
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
	defer s.writer.inFlight.Store(0)
	appended, err := s.writer.append(ctx, &request)
	if err != nil {
		return eventcore.Appended{}, err
	}
	// Published before the lock is released: in the order of commits.
	s.tail.Publish(appended.Previous, appended.Events)
	return appended, nil
}

func (w *writer) append(ctx context.Context, request *eventcore.AppendRequest) (eventcore.Appended, error) {
	if err := w.begin(ctx); err != nil {
		return eventcore.Appended{}, err
	}
	appended, err := w.write(request)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil || len(appended.Events) == 0 {
		clear(w.heads.staged)
		return appended, errors.Join(err, w.rollback())
	}
	last := appended.Events[len(appended.Events)-1].Position
	w.inFlight.Store(uint64(last))
	if err := w.commit(w.conn); err != nil {
		request.Head = appended.Previous
		return appended, w.resolve(ctx, request, err)
	}
	w.heads.commit(last)
	return appended, nil
}

// write does everything but the commit. The head cannot move while the transaction lasts.
func (w *writer) write(request *eventcore.AppendRequest) (eventcore.Appended, error) {
	head, err := w.look(request.ID)
	if err != nil {
		return eventcore.Appended{}, err
	}
	if head != w.heads.at {
		w.heads.reset(head)
	}
	if err := w.check(request, head); err != nil {
		return eventcore.Appended{}, err
	}
	events, err := tail.Place(request.Events, head, w.join)
	if err != nil {
		return eventcore.Appended{}, err
	}
	first := request.ID
	for i := range events {
		if err := insertEvent(w.conn, &events[i], first); err != nil {
			return eventcore.Appended{}, err
		}
		first = uuid.Nil
	}
	if err := w.record(request.Commands, events); err != nil {
		return eventcore.Appended{}, err
	}
	return eventcore.Appended{Previous: head, Events: events}, nil
}

// look returns the head, unless the append has been fenced off.
func (w *writer) look(appendID uuid.UUID) (eventcore.Position, error) {
	head, fenced := eventcore.Position(0), false
	err := each(w.conn, selectHeadAndFence, func(stmt *sqlite.Stmt) (bool, error) {
		head, fenced = eventcore.Position(stmt.ColumnInt64(0)), stmt.ColumnBool(1) //nolint:gosec // they count up.
		return false, nil
	}, appendID[:])
	if fenced {
		err = eventcore.ErrFenced
	}
	return head, err
}

const selectHeadAndFence = `
SELECT (SELECT max(position) FROM events), EXISTS (SELECT 1 FROM fenced_appends WHERE id = ?1)`

// check returns a ConflictError unless the guards hold and the commands are new.
func (w *writer) check(request *eventcore.AppendRequest, head eventcore.Position) error {
	conflict := eventcore.ConflictError{}
	var err error
	// The zero hint is no hint: it also stands in a request whose author gave none.
	if head == 0 || head != request.Head {
		conflict.Conflicts, err = w.conflicts(request.Guards)
	}
	if err == nil {
		conflict.Commands, err = w.known(request.Commands)
	}
	if err == nil && len(conflict.Conflicts)+len(conflict.Commands) > 0 {
		return &conflict
	}
	return err
}

func (w *writer) conflicts(guards []eventcore.Guard) ([]eventcore.Conflict, error) {
	var conflicts []eventcore.Conflict
	for _, guard := range guards {
		head, err := w.heads.of(w.conn, guard.Stream)
		if err != nil {
			return nil, err
		}
		if head.version != guard.Version {
			conflict := eventcore.Conflict{Stream: guard.Stream, Expected: guard.Version, Actual: head.version}
			conflicts = append(conflicts, conflict)
		}
	}
	return conflicts, nil
}

// join writes a membership and returns its version.
func (w *writer) join(id eventcore.StreamID, position eventcore.Position) (eventcore.Version, error) {
	head, err := w.heads.of(w.conn, id)
	if err != nil {
		return 0, err
	}
	if head.key == 0 {
		if err := execute(w.conn, "INSERT OR ROLLBACK INTO streams (name) VALUES (?1)", string(id)); err != nil {
			return 0, err
		}
		head.key = w.conn.LastInsertRowID()
	}
	head.version++
	w.heads.staged[id] = head
	insert := "INSERT OR ROLLBACK INTO memberships (stream, position, version) VALUES (?1, ?2, ?3)"
	return head.version, execute(w.conn, insert, head.key, position, int64(head.version)) //nolint:gosec // it counts up.
}
