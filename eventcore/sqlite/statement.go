// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

// execute runs a statement that returns no rows. The connection keeps the statement for the next time.
func execute(conn *sqlite.Conn, query string, arguments ...any) error {
	stmt, err := prepare(conn, query, arguments...)
	if err != nil {
		return err
	}
	_, err = stmt.Step()
	return finish(stmt, err)
}

// queryInt returns the first column of the first row, 0 if there is none.
func queryInt(conn *sqlite.Conn, query string, arguments ...any) (int64, error) {
	value := int64(0)
	err := each(conn, query, func(stmt *sqlite.Stmt) (bool, error) {
		value = stmt.ColumnInt64(0)
		return false, nil
	}, arguments...)
	return value, err
}

// each calls row for every row until it returns false.
func each(conn *sqlite.Conn, query string, row func(*sqlite.Stmt) (bool, error), arguments ...any) error {
	stmt, err := prepare(conn, query, arguments...)
	if err != nil {
		return err
	}
	for {
		more, err := stmt.Step()
		if err == nil && more {
			more, err = row(stmt)
		}
		if err != nil || !more {
			return finish(stmt, err)
		}
	}
}

func prepare(conn *sqlite.Conn, query string, arguments ...any) (*sqlite.Stmt, error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	for i, argument := range arguments {
		switch value := argument.(type) {
		case int64:
			stmt.BindInt64(i+1, value)
		case eventcore.Position:
			stmt.BindInt64(i+1, int64(value)) //nolint:gosec // positions count up from 0.
		case string:
			stmt.BindText(i+1, value)
		case []byte:
			if value == nil {
				stmt.BindNull(i + 1)
				continue
			}
			stmt.BindBytes(i+1, value)
		default:
			return nil, errors.New("sqlite: an argument of a statement has an unknown type")
		}
	}
	return stmt, nil
}

// finish resets the statement, so that it holds no lock, and returns the first error.
func finish(stmt *sqlite.Stmt, err error) error {
	if resetErr := stmt.Reset(); err == nil {
		err = resetErr
	}
	return err
}

func readHead(conn *sqlite.Conn) (eventcore.Position, error) {
	head, err := queryInt(conn, "SELECT max(position) FROM events")
	return eventcore.Position(head), err //nolint:gosec // positions count up from 1.
}
