// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

var _ eventcore.Resolver = (*Store)(nil)

// Resolve implements eventcore.Resolver.
func (s *Store) Resolve(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, bool, error) {
	none := eventcore.Appended{}
	if err := s.enter(ctx); err != nil {
		return none, false, err
	}
	defer s.leave()
	if err := s.writer.acquire(ctx); err != nil {
		return none, false, err
	}
	defer s.writer.release()
	first, err := s.writer.fence(ctx, &request)
	if err != nil || first == 0 {
		return none, false, err
	}
	appended, err := s.appended(ctx, &request, first)
	if err != nil {
		return none, false, err
	}
	s.tail.Publish(appended.Previous, appended.Events)
	return appended, true, nil
}

// appended reads an append whose first event is known.
func (s *Store) appended(
	ctx context.Context, request *eventcore.AppendRequest, first eventcore.Position,
) (eventcore.Appended, error) {
	appended := eventcore.Appended{Previous: first - 1}
	for event, err := range s.Read(ctx, eventcore.Query{After: first - 1, Limit: len(request.Events)}) {
		if err != nil {
			return appended, err
		}
		event.Payload = request.Events[len(appended.Events)].Payload
		appended.Events = append(appended.Events, event)
	}
	return appended, nil
}

// resolve finds out whether an append whose COMMIT failed has happened, and returns nil if it has. After a failed
// fsync its pages may lie in the WAL, and a crash could still bring them to life: another commit has to take their
// place before anybody may be told that nothing was written.
func (w *writer) resolve(ctx context.Context, request *eventcore.AppendRequest, cause error) error {
	w.heads.reset(0)
	first, err := w.fence(context.WithoutCancel(ctx), request)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", eventcore.ErrOutcomeUnknown, errors.Join(cause, err))
	case first != 0:
		return nil
	}
	return fmt.Errorf("sqlite: commit failed, nothing was written: %w", cause)
}

// fence returns the position of the append's first event. If it has not happened, it makes sure that it never will, and
// returns 0. In either case it commits.
func (w *writer) fence(ctx context.Context, request *eventcore.AppendRequest) (eventcore.Position, error) {
	if err := w.begin(ctx); err != nil {
		return 0, err
	}
	first, err := w.raiseFence(request)
	if err == nil {
		err = w.commit(w.conn)
	}
	if err != nil {
		return 0, errors.Join(err, w.rollback())
	}
	return first, nil
}

func (w *writer) raiseFence(request *eventcore.AppendRequest) (eventcore.Position, error) {
	head, err := readHead(w.conn)
	if err == nil {
		err = tail.CheckResolvable(request, head)
	}
	if err != nil {
		return 0, err
	}
	if err := execute(w.conn, "UPDATE store SET fence = fence + 1"); err != nil {
		return 0, err
	}
	first := eventcore.Position(0)
	find := "SELECT position FROM events WHERE position > ?1 AND append_id = ?2 LIMIT 1"
	err = each(w.conn, find, func(stmt *sqlite.Stmt) (bool, error) {
		first = eventcore.Position(stmt.ColumnInt64(0)) //nolint:gosec // positions count up from 1.
		return false, nil
	}, request.Head, request.ID[:])
	if err != nil || first != 0 {
		return first, err
	}
	return 0, execute(w.conn, "INSERT OR IGNORE INTO fenced_appends (id) VALUES (?1)", request.ID[:])
}
