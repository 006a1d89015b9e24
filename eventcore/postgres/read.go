// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"iter"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
)

const (
	// pageEvents and pageBytes (of payloads) bound what Read holds in memory at a time.
	pageEvents = 512
	pageBytes  = 1 << 20
)

// Read implements eventcore.Store. It reads in pages, each with a statement of its own, up to the head at its start: as
// events never change, that is one snapshot, and no connection is held while the caller works.
func (s *Store) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		r := reading{store: s, filter: query.Filter, cursor: query.After, left: query.Limit, head: math.MaxInt64}
		for !r.done {
			if err := r.next(ctx); err != nil {
				yield(eventcore.Event{}, err)
				return
			}
			for i := range r.page {
				if !yield(r.page[i], nil) {
					return
				}
			}
		}
	}
}

// reading is one iteration of Read.
type reading struct {
	store  *Store
	filter eventcore.Filter
	// cursor is the position that has been read; left is the number of events still wanted, 0 for all.
	cursor eventcore.Position
	left   int
	// head is the last position to read, known since the first page.
	head    eventcore.Position
	plan    plan
	started bool

	page []eventcore.Event
	done bool
}

// next reads the next page.
func (r *reading) next(ctx context.Context) error {
	if err := r.store.enter(ctx); err != nil {
		return err
	}
	defer r.store.leave()
	if !r.started {
		r.started = true
		var err error
		if r.plan, err = r.store.planRead(ctx, r.filter); err != nil {
			return readError(ctx, err)
		}
		r.head = min(r.head, r.plan.head)
	}
	r.page = r.page[:0]
	if r.cursor >= r.head || r.plan.nothing {
		r.done = true
		return nil
	}
	return readError(ctx, r.read(ctx))
}

// read sends the statement and takes what matches. A page that is neither full nor cut off was the last.
func (r *reading) read(ctx context.Context) error {
	limit := pageEvents
	if r.plan.exact && r.left > 0 {
		limit = min(limit, r.left)
	}
	rows, err := r.query(ctx, limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	count, bytes := 0, 0
	for rows.Next() {
		event, head, err := scanEvent(rows)
		if err != nil {
			return err
		}
		r.head = min(r.head, head)
		count++
		bytes += len(event.Data)
		r.cursor = event.Position
		r.take(event)
	}
	r.done = r.done || count < limit && bytes < pageBytes
	return rows.Err()
}

func (r *reading) query(ctx context.Context, limit int) (pgx.Rows, error) {
	sql, pool := r.store.sql, r.store.pool
	if r.plan.byStreams {
		return pool.Query(ctx, sql.byStreams, bigint(r.cursor), bigint(r.head), limit, pageBytes, r.plan.streams)
	}
	return pool.Query(ctx, sql.scan, bigint(r.cursor), bigint(r.head), limit, pageBytes, r.plan.types, r.plan.patterns)
}

// take adds an event to the page if it matches and is still wanted.
func (r *reading) take(event eventcore.Event) {
	if r.done || !r.plan.exact && !r.filter.Matches(&event) {
		return
	}
	r.page = append(r.page, event)
	if r.left > 0 {
		r.left--
		r.done = r.left == 0
	}
}
