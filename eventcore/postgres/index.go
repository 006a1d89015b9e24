// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
)

var _ inspect.Indexed = (*Store)(nil)

// indexEntries is the number of entries that Index reads at a time.
const indexEntries = 4096

// Index implements inspect.Indexed. It reads in pages, as Read does.
func (s *Store) Index(ctx context.Context, head eventcore.Position) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		page := indexPage{}
		for more := true; more; more = len(page.entries) == indexEntries {
			if err := s.readIndex(ctx, &page, head); err != nil {
				yield(eventcore.Event{}, err)
				return
			}
			for _, entry := range page.entries {
				if !yield(entry, nil) {
					return
				}
			}
		}
	}
}

// indexPage is some entries of the index, and the last one of them.
type indexPage struct {
	entries          []eventcore.Event
	stream, position int64
}

// readIndex reads the next page.
func (s *Store) readIndex(ctx context.Context, page *indexPage, head eventcore.Position) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	rows, err := s.pool.Query(ctx, s.sql.index, page.stream, page.position, bigint(head), indexEntries)
	if err != nil {
		return readError(ctx, err)
	}
	version, name := int64(0), ""
	page.entries = make([]eventcore.Event, 0, indexEntries)
	_, err = pgx.ForEachRow(rows, []any{&page.stream, &page.position, &version, &name}, func() error {
		page.entries = append(page.entries, eventcore.Event{
			Position: position(page.position),
			Streams: []eventcore.Membership{{
				Stream:  eventcore.StreamID(name),
				Version: eventcore.Version(version), //nolint:gosec // versions count up from 1.
			}},
		})
		return nil
	})
	return readError(ctx, err)
}
