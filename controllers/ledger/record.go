// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/controllers/calls"
)

// ErrDone says that a key can't be fenced, because what was requested with it has happened.
var ErrDone = errors.New("the request with this idempotency key has succeeded")

var errNoKey = errors.New("the request has no idempotency key")

// Record returns the entry of the request's key, as it is if the key is known, whatever was requested with it before. If not, it
// makes a fresh one, for which it asks decide: nil means done, a *calls.Refusal means refused, and after another error nothing is
// recorded and the error is returned. A nil decide approves. Asking and recording are one transaction, which excludes all
// others: decide must look at the ledger through tx alone.
func (l *Ledger) Record(
	ctx context.Context, request Request, at time.Time, decide func(tx *Tx) error,
) (entry Entry, fresh bool, err error) {
	if request.Key == "" {
		return Entry{}, false, errNoKey
	}
	err = l.change(ctx, func(conn *sqlite.Conn) error {
		known, err := find(conn, request.Key)
		if err != nil {
			return err
		}
		if known != nil {
			entry = *known
			entry.Requests++
			return execute(conn, `UPDATE entries SET requests = requests + 1 WHERE key = ?`, request.Key)
		}
		fresh = true
		entry = Entry{Request: request, RecordedAt: at, Requests: 1}
		return entry.record(conn, decide)
	})
	if err != nil {
		return Entry{}, false, err
	}
	return entry, fresh, nil
}

// record completes the entry by what decide says, and inserts it.
func (e *Entry) record(conn *sqlite.Conn, decide func(tx *Tx) error) error {
	var err error
	if decide != nil {
		err = decide(&Tx{conn: conn, entry: e})
	}
	switch {
	case err == nil:
		e.State, e.Reference = Done, reference(e.Kind, e.Key)
	case errors.As(err, &e.Refusal):
		e.State = Refused
	default:
		return err
	}
	return e.insert(conn)
}

// Fence makes sure that nothing will ever be done under the key. It fails with ErrDone if that has happened already. A key
// that was refused stays refused.
func (l *Ledger) Fence(ctx context.Context, key string, at time.Time) error {
	if key == "" {
		return errNoKey
	}
	return l.change(ctx, func(conn *sqlite.Conn) error {
		known, err := find(conn, key)
		switch {
		case err != nil:
			return err
		case known == nil:
			fence := Entry{Request: Request{Key: key}, State: Fenced, RecordedAt: at}
			return fence.insert(conn)
		case known.State == Done:
			return ErrDone
		}
		return nil
	})
}

// Attempt counts the tries of a key that fail before anything is recorded: it returns 1 for the first one. It makes no entry.
func (l *Ledger) Attempt(ctx context.Context, key string) (count int, err error) {
	err = l.change(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, `
			INSERT INTO attempts (key, count) VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET count = count + 1 RETURNING count`,
			&sqlitex.ExecOptions{Args: []any{key}, ResultFunc: func(row *sqlite.Stmt) error {
				count = row.ColumnInt(0)
				return nil
			}})
	})
	return count, err
}

func (e *Entry) insert(conn *sqlite.Conn) error {
	e.RecordedAt = e.RecordedAt.UTC().Round(0) // as it will be read
	var refusal calls.Refusal
	if e.Refusal != nil {
		refusal = *e.Refusal
	}
	return execute(conn, `INSERT INTO entries (`+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Key, string(e.Kind), string(e.State), e.Reference, e.Subject, e.Correlation, e.Amount.Minor, e.Amount.Currency,
		refusal.Code, refusal.Message, e.RecordedAt.Format(time.RFC3339Nano), e.Requests, e.Note)
}

// Tx is the ledger as Record's decide sees it: nobody else can change it meanwhile.
type Tx struct {
	conn  *sqlite.Conn
	entry *Entry
}

// Note keeps the text with the entry that is decided about, for the decisions about what is requested of it later. It
// must hold no secret.
func (tx *Tx) Note(text string) { tx.entry.Note = text }

// Done returns what was done under the reference, or nil.
func (tx *Tx) Done(kind Kind, reference string) (*Entry, error) {
	return first(tx.conn, `reference = ? AND reference <> '' AND kind = ?`, reference, string(kind))
}

// Total counts and adds up what was done to the subject, such as the refunds of a charge.
func (tx *Tx) Total(kind Kind, subject string) (count int, minor int64, err error) {
	err = sqlitex.Execute(tx.conn, `
		SELECT count(*), coalesce(sum(amount), 0) FROM entries
		WHERE subject = ? AND subject <> '' AND kind = ? AND state = 'done'`,
		&sqlitex.ExecOptions{Args: []any{subject, string(kind)}, ResultFunc: func(row *sqlite.Stmt) error {
			count, minor = row.ColumnInt(0), row.ColumnInt64(1)
			return nil
		}})
	return count, minor, err
}
