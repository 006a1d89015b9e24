// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"
	"errors"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// sqliteLog is a file with one connection, as durable as our store's.
type sqliteLog struct {
	mu   sync.Mutex
	conn *sqlite.Conn
}

const createSQLiteLog = `
CREATE TABLE events (position INTEGER PRIMARY KEY, type TEXT, metadata TEXT, data TEXT);
CREATE TABLE memberships (stream TEXT, version INTEGER, position INTEGER, PRIMARY KEY (stream, version)) WITHOUT ROWID;`

var sqliteSettings = []string{
	"PRAGMA synchronous = FULL", "PRAGMA cache_size = -16000", "PRAGMA wal_autocheckpoint = 4000",
}

func openSQLiteLog(path string) (*sqliteLog, error) {
	conn, err := sqlite.OpenConn(path) // with a write-ahead log, unless told otherwise
	if err != nil {
		return nil, err
	}
	for _, setting := range sqliteSettings {
		err = errors.Join(err, sqlitex.ExecuteTransient(conn, setting, nil))
	}
	if err = errors.Join(err, sqlitex.ExecuteScript(conn, createSQLiteLog, nil)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &sqliteLog{conn: conn}, nil
}

func (l *sqliteLog) append(_ context.Context, _ int, event *fact, streams []string, versions []int64) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end, err := sqlitex.ImmediateTransaction(l.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	err = sqlitex.Execute(l.conn, "INSERT INTO events (type, metadata, data) VALUES (?1, ?2, ?3)",
		&sqlitex.ExecOptions{Args: []any{event.kind, event.metadata, event.data}})
	position := l.conn.LastInsertRowID()
	for i, stream := range streams {
		if err != nil {
			return err
		}
		err = sqlitex.Execute(l.conn, "INSERT INTO memberships (stream, version, position) VALUES (?1, ?2, ?3)",
			&sqlitex.ExecOptions{Args: []any{stream, versions[i], position}})
	}
	return err
}

func (l *sqliteLog) close() error { return l.conn.Close() }
