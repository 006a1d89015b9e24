// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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
	if err := tail.CheckResolvable(&request, request.Head); err != nil {
		return none, false, err
	}
	first, err := s.writer.resolve(ctx, request.ID, request.Head, giveUp)
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

// purpose is what an append is looked for.
type purpose int

const (
	// findOut lets the append be tried again.
	findOut purpose = iota
	// giveUp keeps an append that has not happened from ever happening.
	giveUp
)

// resolve returns the position of the append's first event, which lies after a position, and 0 if it has not happened.
// What is on its way then cannot happen any more. It goes on although ctx has ended, but not for long.
func (w *writer) resolve(
	ctx context.Context, id uuid.UUID, after eventcore.Position, purpose purpose,
) (eventcore.Position, error) {
	limited, cancel := outlive(ctx, w.patience)
	defer cancel()
	w.contended = true // the fence is raised, so that the next append must look at the head in any case
	for delay := firstDelay; ; delay = min(2*delay, lastDelay) {
		head, first, err := w.fence(limited, id, after, purpose)
		if err == nil {
			return first, tail.CheckResolvable(&eventcore.AppendRequest{ID: id, Head: after}, head)
		}
		if sleep(limited, delay) != nil {
			return 0, err
		}
	}
}

// outlive returns a context that ends after patience, or some grace after ctx if that is earlier.
func outlive(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(limited, func() { timer.Stop() })
	})
	return limited, func() {
		stop()
		cancel()
	}
}

// fence makes sure that a statement which is still on its way cannot append any more, and then looks whether it has. It
// waits for a transaction that holds the head row's lock: that one may be it.
func (w *writer) fence(
	ctx context.Context, id uuid.UUID, after eventcore.Position, purpose purpose,
) (head, first eventcore.Position, err error) {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Release()
	batch := &pgx.Batch{}
	// This isolation level gives each statement a snapshot of its own.
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	batch.Queue(w.sql.raiseFence)
	if purpose == giveUp {
		batch.Queue(w.sql.fenceOff, bigint(after), id.String())
	}
	batch.Queue(w.sql.findAppend, bigint(after), id.String())
	batch.Queue("COMMIT")
	results := conn.SendBatch(ctx, batch)
	for range batch.Len() - 2 {
		if _, err := results.Exec(); err != nil {
			return 0, 0, finish(results, err)
		}
	}
	at, found := int64(0), int64(0)
	err = results.QueryRow().Scan(&at, &found)
	if err == nil {
		_, err = results.Exec()
	}
	return position(at), position(found), finish(results, err)
}

// finish reads what is left of the answer, and returns the first error.
func finish(results pgx.BatchResults, err error) error {
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	return err
}
