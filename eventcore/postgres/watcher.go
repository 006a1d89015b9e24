// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// pollsPerConnect is how many polls lie between two attempts to listen.
const pollsPerConnect = 20

// watcher learns of other processes' events while there are subscribers: by listening on a connection of its own or,
// where there is none, by looking at the head. Its goroutine ends before the last subscriber returns.
type watcher struct {
	interval time.Duration
	// listen is nil if there is no direct way to the server.
	listen  *pgx.ConnConfig
	channel string

	mu          sync.Mutex
	subscribers int
	stop        context.CancelFunc
	stopped     chan struct{}
}

func (w *watcher) join(store *Store) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subscribers++
	if w.subscribers > 1 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	w.stop, w.stopped = stop, stopped
	go func() {
		defer close(stopped)
		w.run(ctx, store)
	}()
}

func (w *watcher) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subscribers--
	if w.subscribers > 0 {
		return
	}
	w.stop()
	<-w.stopped
}

// run listens. Before it can, or when the connection breaks, it polls. An error has nobody to go to here, and the next
// look may do better; Close ends the subscriptions.
func (w *watcher) run(ctx context.Context, store *Store) {
	for polls := 0; ctx.Err() == nil; polls++ {
		if w.listen != nil && polls%pollsPerConnect == 0 {
			_ = w.follow(ctx, store)
		}
		_, _ = store.Head(ctx)
		_ = sleep(ctx, w.interval)
	}
}

// follow listens until the connection breaks or ctx ends.
func (w *watcher) follow(ctx context.Context, store *Store) error {
	conn, err := connect(ctx, w.listen)
	if err != nil {
		return err
	}
	defer func() { _ = closeConn(conn) }()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{w.channel}.Sanitize()); err != nil {
		return err
	}
	// What was committed before counts too.
	if _, err := store.Head(ctx); err != nil {
		return err
	}
	for {
		notification, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if err := store.hear(ctx, notification.Payload); err != nil {
			return err
		}
	}
}

// hear looks at the head unless the notification tells nothing new. It is not believed: anybody may notify.
func (s *Store) hear(ctx context.Context, payload string) error {
	head, err := strconv.ParseUint(payload, 10, 64)
	if err == nil && (head == s.writer.inFlight.Load() || head <= uint64(s.tail.Head())) {
		return nil
	}
	_, err = s.Head(ctx)
	return err
}
