// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

const (
	// closeTimeout bounds the farewell to the server.
	closeTimeout = time.Second
	// slowPoll is how often a subscriber looks for itself: the news of a commit can get lost.
	slowPoll = 5 * time.Second
)

// Store is an eventcore.Store in a PostgreSQL database. All its methods may be called concurrently.
type Store struct {
	limits  eventcore.Limits
	sql     *statements
	tail    *tail.Tail
	pool    *pgxpool.Pool
	writer  *writer
	watcher watcher

	mu       sync.Mutex
	identity eventcore.Identity
	closed   bool
	users    sync.WaitGroup

	closeOnce sync.Once
}

var _ eventcore.Store = (*Store)(nil)

// Head implements eventcore.Store. It asks the server, and so knows other processes' events. It returns ErrRolledBack if
// the server has fewer than it had.
func (s *Store) Head(ctx context.Context) (eventcore.Position, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	known, head := s.tail.Head(), int64(0)
	if err := s.pool.QueryRow(ctx, s.sql.selectHead).Scan(&head); err != nil {
		return 0, readError(ctx, err)
	}
	if position(head) < known {
		return 0, rolledBack(known, position(head))
	}
	s.notice(position(head))
	return position(head), nil
}

// Followed implements eventcore.Follower.
func (s *Store) Followed() eventcore.Position { return s.tail.Followed() }

// notice tells subscribers of a head, unless the append in flight has put it there: that one is about to publish its
// events itself, and calls catchUp afterwards in case that they were another's.
func (s *Store) notice(head eventcore.Position) {
	s.tail.Hear(head)
	if head > s.tail.Head() && head != eventcore.Position(s.writer.inFlight.Load()) {
		s.tail.Advance(head)
	}
}

// catchUp tells subscribers of all heads that were heard of while an append was in flight. The caller has the writer's
// lock.
func (s *Store) catchUp() {
	s.writer.inFlight.Store(0)
	s.tail.Advance(max(s.tail.Followed(), position(s.writer.heads.row.position)))
}

// Subscribe implements eventcore.Store.
func (s *Store) Subscribe(
	ctx context.Context, after eventcore.Position, filter eventcore.Filter,
) iter.Seq2[eventcore.Batch, error] {
	return func(yield func(eventcore.Batch, error) bool) {
		// What other processes have written so far counts as the log, not as news.
		if _, err := s.Head(ctx); err != nil {
			yield(eventcore.Batch{}, err)
			return
		}
		s.watcher.join(s)
		defer s.watcher.leave()
		s.tail.Subscribe(ctx, after, filter, s.Read, slowPoll)(yield)
	}
}

// Identity implements eventcore.Store.
func (s *Store) Identity() eventcore.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identity
}

// Limits implements eventcore.Store.
func (s *Store) Limits() eventcore.Limits { return s.limits }

// Close implements eventcore.Store. It waits for calls under way. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.tail.Close()
	s.closeOnce.Do(func() {
		s.users.Wait()
		s.writer.cancel()
		s.pool.Close()
	})
	return nil
}

// enter makes Close wait until leave.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return eventcore.ErrClosed
	}
	s.users.Add(1)
	return nil
}

func (s *Store) leave() { s.users.Done() }
