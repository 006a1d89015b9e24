// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Postgres is a table in a database, and some connections to it.
type Postgres struct {
	conns  []*pgx.Conn
	data   string
	stream atomic.Int64
}

// OpenPostgres creates the table, and connects so many times. With an index, it writes as many index rows as our store
// does for an event in one stream.
func OpenPostgres(ctx context.Context, dsn string, connections int, indexed bool) (_ *Postgres, err error) {
	p := &Postgres{data: text()}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	for range connections {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return nil, err
		}
		p.conns = append(p.conns, conn)
	}
	create := "CREATE TABLE rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream bigint, data text);"
	if indexed {
		create += "CREATE INDEX ON rows (stream, id);"
	}
	_, err = p.conns[0].Exec(ctx, create)
	return p, err
}

// Insert writes so many rows by one statement, which is its own commit. Each connection has one user at a time.
func (p *Postgres) Insert(ctx context.Context, connection, rows int) error {
	if rows == 1 {
		insert := "INSERT INTO rows (stream, data) VALUES ($1, $2)"
		_, err := p.conns[connection].Exec(ctx, insert, p.next(), p.data)
		return err
	}
	streams, data := make([]int64, rows), make([]string, rows)
	for i := range data {
		streams[i], data[i] = p.next(), p.data
	}
	insert := "INSERT INTO rows (stream, data) SELECT * FROM unnest($1::bigint[], $2::text[])"
	_, err := p.conns[connection].Exec(ctx, insert, streams, data)
	return err
}

// next is the stream of the next row: as many take turns as our largest load has callers.
func (p *Postgres) next() int64 { return p.stream.Add(1) % 256 }

// Close closes the connections.
func (p *Postgres) Close() error {
	errs := make([]error, 0, len(p.conns))
	for _, conn := range p.conns {
		errs = append(errs, conn.Close(context.Background()))
	}
	return errors.Join(errs...)
}
