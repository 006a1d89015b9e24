// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// postgresLog is a database with a connection for each worker.
type postgresLog struct{ conns []*pgx.Conn }

const createPostgresLog = `
CREATE TABLE events (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text, metadata text, data text);
CREATE TABLE memberships (stream text, version bigint, position bigint, PRIMARY KEY (stream, version))`

func openPostgresLog(ctx context.Context, dsn string, connections int) (_ *postgresLog, err error) {
	l := &postgresLog{}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	for range connections {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return nil, err
		}
		l.conns = append(l.conns, conn)
	}
	_, err = l.conns[0].Exec(ctx, createPostgresLog)
	return l, err
}

func (l *postgresLog) append(ctx context.Context, worker int, event *fact, streams []string, versions []int64) error {
	_, err := l.conns[worker].Exec(ctx, `
		WITH event AS (INSERT INTO events (type, metadata, data) VALUES ($1, $2, $3) RETURNING position)
		INSERT INTO memberships SELECT unnest($4::text[]), unnest($5::bigint[]), position FROM event`,
		event.kind, event.metadata, event.data, streams, versions)
	return err
}

func (l *postgresLog) close() error {
	errs := make([]error, 0, len(l.conns))
	for _, conn := range l.conns {
		errs = append(errs, conn.Close(context.Background()))
	}
	return errors.Join(errs...)
}
