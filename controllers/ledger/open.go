// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"
)

// patience bounds how long an operation waits for other processes.
const patience = 10 * time.Second

var schema = sqlitemigration.Schema{
	AppID: 0x45434c47, // "ECLG"
	Migrations: []string{`
		CREATE TABLE entries (
			seq         INTEGER PRIMARY KEY,
			key         TEXT NOT NULL UNIQUE,
			kind        TEXT NOT NULL,
			state       TEXT NOT NULL CHECK (state IN ('done', 'refused', 'fenced')),
			reference   TEXT NOT NULL,
			subject     TEXT NOT NULL,
			correlation TEXT NOT NULL,
			amount      INTEGER NOT NULL,
			currency    TEXT NOT NULL,
			code        TEXT NOT NULL,
			message     TEXT NOT NULL,
			recorded_at TEXT NOT NULL,
			requests    INTEGER NOT NULL
		) STRICT;
		CREATE UNIQUE INDEX entries_by_reference ON entries (reference) WHERE reference <> '';
		CREATE INDEX entries_by_subject ON entries (subject) WHERE subject <> '';
		CREATE TABLE attempts (key TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;`, `
		ALTER TABLE entries ADD COLUMN note TEXT NOT NULL DEFAULT '';`},
}

// Ledger is an open ledger. Its methods may be called concurrently.
type Ledger struct {
	// pool holds one connection: writers take turns anyway, and a database in memory has no other.
	pool *sqlitex.Pool
}

// Open opens the ledger in the file, which it creates for its owner alone if it is missing. Without a path the ledger
// is in memory, and lost on Close. ctx bounds the opening only.
//
// A process that has a ledger open must not read the file in any other way: closing a file releases all locks that the
// process holds on it.
func Open(ctx context.Context, path string) (*Ledger, error) {
	flags := sqlite.OpenReadWrite | sqlite.OpenMemory
	if path != "" {
		flags = sqlite.OpenReadWrite | sqlite.OpenWAL
		if err := create(path); err != nil {
			return nil, fmt.Errorf("create ledger: %w", err)
		}
	}
	pool, err := sqlitex.NewPool(path, sqlitex.PoolOptions{Flags: flags, PoolSize: 1})
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &Ledger{pool: pool}
	if err := l.with(ctx, prepare); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger: %w", err), pool.Close())
	}
	return l, nil
}

// Close waits for operations under way, and closes the ledger.
func (l *Ledger) Close() error { return l.pool.Close() }

// creation keeps others of this process from opening the file before create has closed it: that would release their locks.
var creation sync.Mutex

func create(path string) error {
	creation.Lock()
	defer creation.Unlock()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator's user chooses the file
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// prepare makes every commit survive a crash of the machine, and brings the file to the schema.
func prepare(ctx context.Context, conn *sqlite.Conn) error {
	if err := execute(conn, `PRAGMA synchronous = FULL`); err != nil {
		return err
	}
	return sqlitemigration.Migrate(ctx, conn, schema)
}

// with calls work with the connection, which is interrupted when ctx ends or patience is at its end.
func (l *Ledger) with(ctx context.Context, work func(context.Context, *sqlite.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := l.pool.Take(ctx)
	if err != nil {
		return err
	}
	defer l.pool.Put(conn)
	if err := work(ctx, conn); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}

// change calls work in a transaction that excludes all other writers, of all processes, and that an error undoes.
func (l *Ledger) change(ctx context.Context, work func(*sqlite.Conn) error) error {
	return l.with(ctx, func(_ context.Context, conn *sqlite.Conn) (err error) {
		end, err := sqlitex.ImmediateTransaction(conn)
		if err != nil {
			return err
		}
		defer end(&err)
		return work(conn)
	})
}

func execute(conn *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args})
}
