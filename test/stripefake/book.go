// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripefake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"
)

var schema = sqlitemigration.Schema{
	AppID: 0x45434653, // "ECFS"
	Migrations: []string{`
		CREATE TABLE objects (
			seq    INTEGER PRIMARY KEY,
			id     TEXT NOT NULL UNIQUE,
			kind   TEXT NOT NULL,
			parent TEXT NOT NULL,
			body   TEXT NOT NULL
		) STRICT;
		CREATE TABLE keys (
			key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, made INTEGER NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
		) STRICT;
		CREATE TABLE faults (seq INTEGER PRIMARY KEY, operation TEXT NOT NULL, fault TEXT NOT NULL, times INTEGER NOT NULL) STRICT;
		CREATE TABLE held (seq INTEGER PRIMARY KEY, method TEXT NOT NULL, url TEXT NOT NULL, key TEXT NOT NULL, form TEXT NOT NULL) STRICT;
		CREATE TABLE requests (
			seq INTEGER PRIMARY KEY, operation TEXT NOT NULL, key TEXT NOT NULL, form TEXT NOT NULL, fault TEXT NOT NULL,
			headers TEXT NOT NULL
		) STRICT;
		CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 0), advanced INTEGER NOT NULL) STRICT;
		INSERT INTO clock VALUES (0, 0);`},
}

// start is the time of a new fake's clock, which runs only when it is told to.
var start = time.Date(2026, time.February, 3, 4, 5, 6, 0, time.UTC)

// book is the fake's ledger.
type book struct {
	pool *sqlitex.Pool
}

func open(ctx context.Context, path string) (*book, error) {
	pool, err := sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags: sqlite.OpenReadWrite | sqlite.OpenCreate | sqlite.OpenWAL, PoolSize: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	conn, err := pool.Take(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	defer pool.Put(conn)
	if err := sqlitemigration.Migrate(ctx, conn, schema); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	return &book{pool: pool}, nil
}

// tx is the ledger as one request sees it, alone.
type tx struct {
	conn *sqlite.Conn
}

// change calls work in a transaction, which an error undoes.
func (b *book) change(ctx context.Context, work func(tx) error) (err error) {
	conn, err := b.pool.Take(ctx)
	if err != nil {
		return err
	}
	defer b.pool.Put(conn)
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	return work(tx{conn})
}

func (t tx) exec(query string, args ...any) error {
	return sqlitex.Execute(t.conn, query, &sqlitex.ExecOptions{Args: args})
}

func (t tx) each(row func(*sqlite.Stmt) error, query string, args ...any) error {
	return sqlitex.Execute(t.conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: row})
}

func (t tx) now() (now time.Time, err error) {
	err = t.each(func(row *sqlite.Stmt) error {
		now = start.Add(time.Duration(row.ColumnInt64(0)))
		return nil
	}, `SELECT advanced FROM clock`)
	return now, err
}

// put writes an object, as it is from now on.
func (t tx) put(kind, id, parent string, object any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return t.exec(`
		INSERT INTO objects (id, kind, parent, body) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET body = excluded.body`, id, kind, parent, string(body))
}

// count returns how many objects there are, which makes their ids.
func (t tx) count() (count int, err error) {
	err = t.each(func(row *sqlite.Stmt) error {
		count = row.ColumnInt(0)
		return nil
	}, `SELECT count(*) FROM objects`)
	return count, err
}

func objects[T any](t tx, kind, where string, args ...any) (found []T, err error) {
	err = t.each(func(row *sqlite.Stmt) error {
		var object T
		if err := json.Unmarshal([]byte(row.ColumnText(0)), &object); err != nil {
			return err
		}
		found = append(found, object)
		return nil
	}, `SELECT body FROM objects WHERE kind = ? AND `+where, append([]any{kind}, args...)...)
	return found, err
}
