// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// firstDelay and lastDelay bound the pauses between attempts while the server cannot be reached.
	firstDelay, lastDelay = 5 * time.Millisecond, 500 * time.Millisecond
	// grace is how long a caller whose context has ended waits at most to learn what became of its append.
	grace = 5 * time.Second
)

// writer appends. Whoever holds its lock may use the other fields.
type writer struct {
	held     chan struct{}
	pool     *pgxpool.Pool
	sql      *statements
	patience time.Duration
	heads    heads
	// contended is set while others write too: the next append takes the head row's lock at once.
	contended bool
	// limited bounds the appends of callers who never give up, one after another: see limit.
	limited context.Context //nolint:containedctx // a context for each of these calls is what it saves.
	cancel  context.CancelFunc
	// inFlight is the last position of the append that is being committed or published, 0 if none is.
	inFlight atomic.Uint64
}

func newWriter(pool *pgxpool.Pool, sql *statements, head headRow, patience time.Duration) *writer {
	return &writer{
		held: make(chan struct{}, 1), pool: pool, sql: sql, patience: patience, heads: newHeads(head),
		limited: context.Background(), cancel: func() {},
	}
}

// limit returns a context that ends after the writer's patience. Those who never give up share one for a while, which
// may take up to a tenth off their patience: a timer of its own would wake another thread for every append.
func (w *writer) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Done() != nil {
		return context.WithTimeout(ctx, w.patience)
	}
	if ends, set := w.limited.Deadline(); !set || time.Until(ends) < w.patience-w.patience/10 {
		w.cancel()
		w.limited, w.cancel = context.WithTimeout(ctx, w.patience)
	}
	return w.limited, func() {}
}

// acquire waits for the writer's lock. The context ends the waiting.
func (w *writer) acquire(ctx context.Context) error {
	select {
	case w.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) release() { <-w.held }
