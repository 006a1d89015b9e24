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
	w.unindexed.committed(appended.Events)
	return appended, nil
}

// write does everything but the commit. The head cannot move while the transaction lasts.
func (w *writer) write(request *eventcore.AppendRequest) (eventcore.Appended, error) {
	head, indexed, err := w.look(request.ID)
	if err == nil {
		w.unindexed.rewind(head)
		err = w.unindexed.extend(w.conn, indexed, head)
	}
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
	if err := w.insert(request, events); err != nil {
		return eventcore.Appended{}, err
	}
	if len(events) > 0 && w.unindexed.due(w.indexEvery) {
		if err := w.index(head); err != nil {
			return eventcore.Appended{}, err
		}
	}
	return eventcore.Appended{Previous: head, Events: events}, nil
}

// insert writes the events, the first with the append's id, and the commands that they came from.
func (w *writer) insert(request *eventcore.AppendRequest, events []eventcore.Event) error {
	first := request.ID
	for i := range events {
		if err := insertEvent(w.conn, &events[i], first); err != nil {
			return err
		}
		first = uuid.Nil
	}
	return w.record(request.Commands, events)
}

// look returns the head and how far the index goes, unless the append has been fenced off.
func (w *writer) look(appendID uuid.UUID) (head, indexed eventcore.Position, err error) {
	fenced := false
	err = each(w.conn, selectHeadsAndFence, func(stmt *sqlite.Stmt) (bool, error) {
		head = eventcore.Position(stmt.ColumnInt64(0))    //nolint:gosec // positions count up from 1.
		indexed = eventcore.Position(stmt.ColumnInt64(1)) //nolint:gosec // positions count up from 1.
		fenced = stmt.ColumnBool(2)
		return false, nil
	}, appendID[:])
	if fenced {
		err = eventcore.ErrFenced
	}
	return head, indexed, err
}

const selectHeadsAndFence = selectHeads + ", EXISTS (SELECT 1 FROM fenced_appends WHERE id = ?1)"

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
		version, err := w.version(guard.Stream)
		if err != nil {
			return nil, err
		}
		if version != guard.Version {
			conflict := eventcore.Conflict{Stream: guard.Stream, Expected: guard.Version, Actual: version}
			conflicts = append(conflicts, conflict)
		}
	}
	return conflicts, nil
}

// join returns the version of a new membership. The index by stream learns of it later: see index.
func (w *writer) join(id eventcore.StreamID, _ eventcore.Position) (eventcore.Version, error) {
	version, err := w.version(id)
	if err != nil {
		return 0, err
	}
	w.heads.staged[id] = version + 1
	return version + 1, nil
}

// version returns the version of a stream as the transaction sees it. The streams of guards and events must be valid
// by then.
func (w *writer) version(id eventcore.StreamID) (eventcore.Version, error) {
	if version, found := w.heads.cached(id); found {
		return version, nil
	}
	version, err := w.unindexed.version(id), error(nil)
	if version == 0 {
		version, err = readVersion(w.conn, id)
	}
	if err == nil {
		w.heads.staged[id] = version
	}
	return version, err
}

// readVersion returns the version that the stream has in the index.
func readVersion(conn *sqlite.Conn, id eventcore.StreamID) (version eventcore.Version, err error) {
	err = each(conn, selectVersion, func(stmt *sqlite.Stmt) (bool, error) {
		version = eventcore.Version(stmt.ColumnInt64(0)) //nolint:gosec // versions count up from 1.
		if version == 0 {
			return false, errors.New("sqlite: a stream without events: the database is damaged")
		}
		return false, nil
	}, string(id))
	return version, err
}

const selectVersion = `
SELECT (SELECT version FROM memberships WHERE stream = id ORDER BY position DESC LIMIT 1) FROM streams WHERE name = ?1`
