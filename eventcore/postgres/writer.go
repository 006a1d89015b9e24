// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventcore/order-operator/eventcore"
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
	// inFlight is the last position of the append that is being committed or published, 0 if none is.
	inFlight atomic.Uint64
}

func newWriter(pool *pgxpool.Pool, sql *statements, head headRow, patience time.Duration) *writer {
	return &writer{held: make(chan struct{}, 1), pool: pool, sql: sql, patience: patience, heads: newHeads(head)}
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

// resolve finds out whether an append whose reply was lost has happened. It goes on although ctx has ended, but not for
// long.
func (w *writer) resolve(ctx context.Context, id uuid.UUID, first eventcore.Position) (bool, error) {
	limited, cancel := outlive(ctx, w.patience)
	defer cancel()
	w.contended = true // the fence is raised, so that the next append must look at the head in any case
	for delay := firstDelay; ; delay = min(2*delay, lastDelay) {
		happened, err := w.fence(limited, id, first)
		if err == nil || sleep(limited, delay) != nil {
			return happened, err
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
func (w *writer) fence(ctx context.Context, id uuid.UUID, first eventcore.Position) (bool, error) {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	batch := &pgx.Batch{}
	// The transaction's isolation level gives each statement a snapshot of its own.
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	batch.Queue(w.sql.raiseFence)
	batch.Queue(w.sql.findAppend, bigint(first), id.String())
	batch.Queue("COMMIT")
	results := conn.SendBatch(ctx, batch)
	happened := false
	for range 2 {
		if _, err := results.Exec(); err != nil {
			return false, finish(results, err)
		}
	}
	if err := results.QueryRow().Scan(&happened); err != nil {
		return false, finish(results, err)
	}
	_, err = results.Exec()
	return happened, finish(results, err)
}

// finish reads what is left of the answer, and returns the first error.
func finish(results pgx.BatchResults, err error) error {
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	return err
}
