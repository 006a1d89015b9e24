// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

// Open opens the store in the database that the DSN names, and creates its schema if it does not exist, or brings it up
// to date. The DSN has the forms of libpq, and pgx's default_query_exec_mode, which need not be set: a connection
// through a pooler is recognised. ctx bounds the opening alone. No error holds the DSN's password.
func Open(ctx context.Context, dsn string, options Options) (*Store, error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	config, err := parsePool(dsn, options)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	store, err := open(ctx, config, options)
	if err != nil {
		return nil, fmt.Errorf("postgres: open the schema %s: %w", options.Schema, err)
	}
	return store, nil
}

func open(ctx context.Context, config *pgxpool.Config, options Options) (*Store, error) {
	sql := newStatements(options.Schema)
	found, err := prepare(ctx, config.ConnConfig, sql, options)
	if err != nil {
		return nil, err
	}
	listen, err := listenConfig(ctx, config.ConnConfig, sql, options, found)
	if err != nil {
		return nil, err
	}
	if config.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		prepareStatements(config.ConnConfig, found.direct)
	}
	// The pool's connections outlive ctx: it bounds the opening alone.
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, err
	}
	return &Store{
		identity: found.identity, limits: options.Limits, sql: sql, tail: tail.New(position(found.head.position)), pool: pool,
		writer:  newWriter(pool, sql, found.head, options.Patience),
		watcher: watcher{interval: options.PollInterval, listen: listen, channel: sql.schema},
	}, nil
}

// prepareStatements decides whether statements are prepared, which sessions behind a pooler would not know of. Those of
// a direct connection are planned once, as plans for given arrays would be made each time. A plan for any arrays looks
// expensive: compiling it (jit) would take longer than it runs.
func prepareStatements(config *pgx.ConnConfig, direct bool) {
	if !direct {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		return
	}
	for name, value := range map[string]string{"plan_cache_mode": "force_generic_plan", "jit": "off"} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
}

// found is what Open learns about the database.
type found struct {
	head     headRow
	identity eventcore.Identity
	// direct is false if there is a pooler in between.
	direct bool
}

// prepare looks at the server and makes sure that the schema is there.
func prepare(ctx context.Context, config *pgx.ConnConfig, sql *statements, options Options) (result found, err error) {
	conn, err := connect(ctx, config)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, closeConn(conn)) }()
	if result.direct, err = isDirect(ctx, conn); err != nil {
		return result, err
	}
	if err := checkServer(ctx, conn); err != nil {
		return result, err
	}
	result.head, result.identity, err = migrate(ctx, conn, sql, options)
	return result, err
}

// listenConfig returns how to connect for LISTEN, nil if there is no direct way.
func listenConfig(
	ctx context.Context, store *pgx.ConnConfig, sql *statements, options Options, known found,
) (_ *pgx.ConnConfig, err error) {
	switch {
	case options.ListenDSN == "" && known.direct:
		return store.Copy(), nil
	case options.ListenDSN == "":
		return nil, nil
	}
	config, err := parseConn(options.ListenDSN)
	if err != nil {
		return nil, fmt.Errorf("for listening: %w", err)
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("for listening: %w", err)
	}
	defer func() { err = errors.Join(err, closeConn(conn)) }()
	direct, err := isDirect(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("for listening: %w", err)
	}
	if !direct {
		return nil, errors.New("the DSN for listening leads through a pooler too: give one of the server itself")
	}
	_, identity, err := readIdentity(ctx, conn, sql)
	if err != nil {
		return nil, fmt.Errorf("for listening: %w", err)
	}
	if identity != known.identity {
		return nil, errors.New("the DSN for listening leads to another store")
	}
	return config, nil
}

// connect opens a connection that depends on no session.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	config = config.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	return pgx.ConnectConfig(ctx, config)
}

func closeConn(conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return conn.Close(ctx)
}

// isDirect reports whether the process that runs a statement is the one that greeted: a pooler makes up its own number.
func isDirect(ctx context.Context, conn *pgx.Conn) (bool, error) {
	pid := int64(0)
	err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid)
	return pid == int64(conn.PgConn().PID()), err
}
