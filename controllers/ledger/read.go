// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"fmt"
	"iter"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/saga"
)

// pageSize is how many entries are read at once.
const pageSize = 256

const columns = `key, kind, state, reference, subject, correlation, amount, currency, code, message, recorded_at, requests, note`

// Find returns the entry of the key, or nil. It sees everything that was recorded before by any process.
func (l *Ledger) Find(ctx context.Context, key string) (entry *Entry, err error) {
	err = l.with(ctx, func(_ context.Context, conn *sqlite.Conn) error {
		entry, err = find(conn, key)
		return err
	})
	return entry, err
}

// Done returns what was done under the reference, or nil.
func (l *Ledger) Done(ctx context.Context, reference string) (entry *Entry, err error) {
	err = l.with(ctx, func(_ context.Context, conn *sqlite.Conn) error {
		entry, err = first(conn, `reference = ? AND reference <> ''`, reference)
		return err
	})
	return entry, err
}

// Entries returns all entries in the order in which they were recorded. The loop may use the ledger.
func (l *Ledger) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for after, more := int64(0), true; more; {
			page, last, err := l.page(ctx, after)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, entry := range page {
				if !yield(entry, nil) {
					return
				}
			}
			after, more = last, len(page) == pageSize
		}
	}
}

func (l *Ledger) page(ctx context.Context, after int64) (page []Entry, last int64, err error) {
	err = l.with(ctx, func(_ context.Context, conn *sqlite.Conn) error {
		page, last, err = query(conn, `seq > ? ORDER BY seq LIMIT ?`, after, pageSize)
		return err
	})
	return page, last, err
}

func find(conn *sqlite.Conn, key string) (*Entry, error) { return first(conn, `key = ?`, key) }

func first(conn *sqlite.Conn, where string, args ...any) (*Entry, error) {
	entries, _, err := query(conn, where, args...)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	return &entries[0], nil
}

// query returns the entries that fulfil the condition, and the sequence number of the last one.
func query(conn *sqlite.Conn, where string, args ...any) (entries []Entry, last int64, err error) {
	err = sqlitex.Execute(conn, `SELECT `+columns+`, seq FROM entries WHERE `+where,
		&sqlitex.ExecOptions{Args: args, ResultFunc: func(row *sqlite.Stmt) error {
			entry, err := scan(row)
			entries, last = append(entries, entry), row.GetInt64("seq")
			return err
		}})
	return entries, last, err
}

func scan(row *sqlite.Stmt) (Entry, error) {
	entry := Entry{
		Request: Request{
			Key: row.GetText("key"), Kind: Kind(row.GetText("kind")),
			Subject: row.GetText("subject"), Correlation: row.GetText("correlation"),
			Amount: saga.Money{Currency: row.GetText("currency"), Minor: row.GetInt64("amount")},
		},
		State: State(row.GetText("state")), Reference: row.GetText("reference"), Requests: int(row.GetInt64("requests")),
		Note: row.GetText("note"),
	}
	if entry.State == Refused {
		entry.Refusal = &calls.Refusal{Code: row.GetText("code"), Message: row.GetText("message")}
	}
	var err error
	if entry.RecordedAt, err = time.Parse(time.RFC3339Nano, row.GetText("recorded_at")); err != nil {
		return Entry{}, fmt.Errorf("entry %s: %w", entry.Key, err)
	}
	return entry, nil
}
