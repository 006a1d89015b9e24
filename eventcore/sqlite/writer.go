// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

// writer owns the one connection that writes. Whoever holds its lock may use the other fields.
type writer struct {
	lock        chan struct{}
	conn        *sqlite.Conn
	busyTimeout time.Duration
	heads       heads
	unindexed   *unindexed
	indexEvery  int
	// inFlight is the last position of the append that is being committed or published, 0 if none is.
	inFlight atomic.Uint64
	// commit is execute "COMMIT", replaced by tests that need it to fail.
	commit func(conn *sqlite.Conn) error
}

func newWriter(conn *sqlite.Conn, head eventcore.Position, options Options) *writer {
	return &writer{
		lock: make(chan struct{}, 1), conn: conn, busyTimeout: options.BusyTimeout, heads: newHeads(head),
		unindexed: &unindexed{}, indexEvery: options.IndexEvery,
		commit: func(conn *sqlite.Conn) error { return execute(conn, "COMMIT") },
	}
}

// acquire waits for the writer's lock. The context ends the waiting.
func (w *writer) acquire(ctx context.Context) error {
	select {
	case w.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) release() { <-w.lock }

// begin starts a write transaction. While another process writes it tries again, until the busy timeout.
func (w *writer) begin(ctx context.Context) error {
	if err := w.rollback(); err != nil {
		return err
	}
	return retryBusy(ctx, w.busyTimeout, func() error { return execute(w.conn, "BEGIN IMMEDIATE") })
}

// rollback ends the transaction, if there is one.
func (w *writer) rollback() error {
	if w.conn.AutocommitEnabled() {
		return nil
	}
	return execute(w.conn, "ROLLBACK")
}
