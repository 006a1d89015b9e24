// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// SQLite is a table in a file, as durable as our store's: a write-ahead log, and synchronous=FULL. The cache and the
// log are as large as our store's too: a limit must not fall short where a setting helps both.
type SQLite struct {
	conn   *sqlite.Conn
	data   string
	stream int64
}

// tables are a bare one, and one with as many rows in indexes as our store writes for an event in one stream.
var tables = map[bool]string{
	false: `CREATE TABLE rows (id INTEGER PRIMARY KEY, stream INTEGER, data TEXT);`,
	true: `CREATE TABLE rows (id INTEGER PRIMARY KEY, stream INTEGER, data TEXT);
		CREATE INDEX rows_by_stream ON rows (stream, id);`,
}

var settings = []string{
	"PRAGMA synchronous = FULL", "PRAGMA cache_size = -16000", "PRAGMA wal_autocheckpoint = 4000",
}

// OpenSQLite creates the file with the table.
func OpenSQLite(path string, indexed bool) (_ *SQLite, err error) {
	conn, err := sqlite.OpenConn(path) // with a write-ahead log, unless told otherwise
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	for _, setting := range settings {
		if err := sqlitex.ExecuteTransient(conn, setting, nil); err != nil {
			return nil, err
		}
	}
	return &SQLite{conn: conn, data: text()}, sqlitex.ExecuteScript(conn, tables[indexed], nil)
}

// Insert writes so many rows in one commit.
func (s *SQLite) Insert(rows int) (err error) {
	if rows > 1 {
		end, err := sqlitex.ImmediateTransaction(s.conn)
		if err != nil {
			return err
		}
		defer end(&err)
	}
	for range rows {
		s.stream = (s.stream + 1) % 256
		options := sqlitex.ExecOptions{Args: []any{s.stream, s.data}}
		if err := sqlitex.Execute(s.conn, "INSERT INTO rows (stream, data) VALUES (?1, ?2)", &options); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the file.
func (s *SQLite) Close() error { return s.conn.Close() }

// ReadSQLite copies every column of every row of a table out of the file, in the order of its key, and returns how many
// rows there are.
func ReadSQLite(path, table, key string) (rows int64, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var c copier
	query := fmt.Sprintf("SELECT * FROM %s ORDER BY %s", table, key)
	err = sqlitex.Execute(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		rows++
		c.copy(stmt)
		return nil
	}})
	return rows, err
}

// copier is where columns are copied to.
type copier struct {
	number int64
	buffer []byte
}

func (c *copier) copy(stmt *sqlite.Stmt) {
	for column := range stmt.ColumnCount() {
		if stmt.ColumnType(column) == sqlite.TypeInteger {
			c.number = stmt.ColumnInt64(column)
			continue
		}
		c.buffer = slices.Grow(c.buffer[:0], stmt.ColumnLen(column))
		stmt.ColumnBytes(column, c.buffer[:stmt.ColumnLen(column)])
	}
}
