// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore/postgres/pgtest" //nolint:depguard // not the store, but its server
)

// Database creates a database and returns its DSN, or ErrNoServer.
func (l *Lab) Database(ctx context.Context) (string, error) {
	admin, err := l.administrator()
	if err != nil {
		return "", err
	}
	name := "bench_" + strings.ToLower(rand.Text()) // others may measure on the same server
	if err := administer(ctx, admin, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	l.Defer(func() error {
		return administer(context.WithoutCancel(ctx), admin, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	return inDatabase(admin, name)
}

// administrator returns a DSN by which databases are created.
func (l *Lab) administrator() (string, error) {
	if l.postgres != "" {
		return l.postgres, nil
	}
	if l.server == nil && l.serverErr == nil {
		l.server, l.serverErr = pgtest.Start()
	}
	if l.serverErr != nil {
		return "", fmt.Errorf("%w: %w", ErrNoServer, l.serverErr)
	}
	return l.server.DSN("postgres"), nil
}

func administer(ctx context.Context, dsn, statement string) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// inDatabase returns the DSN of another database on the same server. The error does not hold the DSN, in which a
// password may stand.
func inDatabase(dsn, name string) (string, error) {
	parsed, err := url.Parse(dsn)
	if err != nil || parsed.Scheme != "postgres" && parsed.Scheme != "postgresql" {
		return "", errors.New("the DSN of a PostgreSQL server is a URL: postgres://user@host/database")
	}
	parsed.Path = "/" + name
	return parsed.String(), nil
}
