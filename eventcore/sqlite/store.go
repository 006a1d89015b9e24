// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"iter"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

// Store is an eventcore.Store in an SQLite file. All its methods may be called concurrently.
type Store struct {
	file    string
	limits  eventcore.Limits
	tail    *tail.Tail
	readers *sqlitex.Pool
	writer  *writer
	poller  poller

	mu       sync.Mutex
	identity eventcore.Identity
	closed   bool
	users    sync.WaitGroup

	closeOnce sync.Once
	closeErr  error
}

var _ eventcore.Store = (*Store)(nil)

// Head implements eventcore.Store. It looks at the file, and so knows other processes' events.
func (s *Store) Head(ctx context.Context) (eventcore.Position, error) {
	head := eventcore.Position(0)
	err := s.withReader(ctx, func(conn *sqlite.Conn) (err error) {
		head, err = readHead(conn)
		return err
	})
	if err != nil {
		return 0, err
	}
	s.notice(head)
	return max(head, s.tail.Head()), nil
}

// Followed implements eventcore.Follower.
func (s *Store) Followed() eventcore.Position { return s.tail.Followed() }

// notice tells subscribers of a head that was read from the file, unless the append in flight has put it there: that
// one is about to publish its events itself.
func (s *Store) notice(head eventcore.Position) {
	s.tail.Hear(head)
	if head > s.tail.Head() && head != eventcore.Position(s.writer.inFlight.Load()) {
		s.tail.Advance(head)
	}
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
		s.poller.join(s)
		defer s.poller.leave()
		s.tail.Subscribe(ctx, after, filter, s.Read, 0)(yield)
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

// Close implements eventcore.Store. It waits for calls under way, and writes the WAL back into the database unless
// another process still uses the file. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.tail.Close()
	s.closeOnce.Do(func() {
		s.users.Wait()
		s.closeErr = errors.Join(s.readers.Close(), s.writer.conn.Close())
	})
	return s.closeErr
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

// withReader lends a connection that reads, in one transaction. It must not call the caller's code: whoever waits
// for a connection while holding one could wait for ever.
func (s *Store) withReader(ctx context.Context, work func(conn *sqlite.Conn) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	conn, err := s.readers.Take(ctx)
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	defer s.readers.Put(conn)
	if err := execute(conn, "BEGIN"); err != nil {
		return readError(ctx, err)
	}
	err = work(conn)
	// The transaction must end even if the context has, or the connection would keep showing the past.
	conn.SetInterrupt(nil)
	return readError(ctx, errors.Join(err, execute(conn, "ROLLBACK")))
}

// readError returns the context's error if that is what ended the work.
func readError(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// update does work in a write transaction of its own.
func (s *Store) update(ctx context.Context, work func(conn *sqlite.Conn) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	w := s.writer
	if err := w.acquire(ctx); err != nil {
		return err
	}
	defer w.release()
	if err := w.begin(ctx); err != nil {
		return err
	}
	err := work(w.conn)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = w.commit(w.conn)
	}
	if err != nil {
		return errors.Join(err, w.rollback())
	}
	return nil
}
