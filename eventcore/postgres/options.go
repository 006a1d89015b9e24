// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

// Options configure a Store. The zero value is right for nearly everybody.
type Options struct {
	// Schema is the database schema that holds the store, created if it does not exist; eventcore if empty. It is the
	// name of the channel for LISTEN, too.
	Schema string
	// StoreID is the identity given to a history that is created; random if zero. An existing one keeps its own.
	StoreID uuid.UUID
	// Existing opens a store that there is, and creates none: Open fails with eventcore.ErrNoStore then.
	Existing bool
	// Limits bound one append; 4,096 stream memberships and 8 MiB of payloads if zero.
	Limits eventcore.Limits
	// Connections is the largest number of connections, besides the one that listens; 8 if zero. The DSN's
	// pool_max_conns does not count.
	Connections int
	// Patience is how long an append goes on while another process holds the head row's lock, or the server cannot be
	// reached. It may take as long again to find out what became of an append whose reply was lost, but not more
	// than 5 s after its context has ended. 30 s if zero.
	Patience time.Duration
	// ListenDSN leads past the pooler to the same database, for LISTEN. Not needed if the store's DSN does itself.
	ListenDSN string
	// PollInterval is how often the head is looked at while there are subscribers that cannot listen; 100 ms if zero.
	PollInterval time.Duration
}

func (o Options) withDefaults() Options {
	if o.Schema == "" {
		o.Schema = "eventcore"
	}
	if o.StoreID == uuid.Nil {
		o.StoreID = uuid.New()
	}
	if o.Limits == (eventcore.Limits{}) {
		o.Limits = tail.DefaultLimits
	}
	if o.Connections == 0 {
		o.Connections = 8
	}
	if o.Patience == 0 {
		o.Patience = 30 * time.Second
	}
	if o.PollInterval == 0 {
		o.PollInterval = 100 * time.Millisecond
	}
	return o
}

// maxIdentifier is the longest name of a schema, in bytes: PostgreSQL would cut off the rest.
const maxIdentifier = 63

func (o Options) validate() error {
	if len(o.Schema) > maxIdentifier || strings.ContainsRune(o.Schema, 0) || strings.HasPrefix(o.Schema, "pg_") {
		return errors.New("the name of a schema has 63 bytes at most, and does not start with pg_")
	}
	return nil
}

// ErrDSN says that a DSN cannot be parsed. It does not repeat what the parser says: that may contain parts of the
// password.
var ErrDSN = errors.New("the DSN is not understood: want postgres://user:password@host:port/database, " +
	"with special characters in the password as %XX")

func parsePool(dsn string, options Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil || misplaced(config.ConnConfig) {
		return nil, ErrDSN
	}
	setDefaults(config.ConnConfig)
	config.MaxConns = int32(min(options.Connections, 1<<15)) //nolint:gosec // bounded.
	return config, nil
}

func parseConn(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil || misplaced(config) {
		return nil, ErrDSN
	}
	setDefaults(config)
	return config, nil
}

// misplaced reports whether a character too many has made user and password the name of a user, a database, a parameter
// or a host, which errors repeat. The name of a user may have an at sign, but no colon; those of databases and parameters
// have neither.
func misplaced(config *pgx.ConnConfig) bool {
	if strings.Contains(config.User, ":") || strings.ContainsAny(config.Database, ":@") || misread(config.Host) {
		return true
	}
	for name := range config.RuntimeParams {
		if strings.ContainsAny(name, ":@") {
			return true
		}
	}
	return slices.ContainsFunc(config.Fallbacks, func(next *pgconn.FallbackConfig) bool { return misread(next.Host) })
}

// misread reports whether the host has an at sign, which the name of none has. The folder of a socket may, unless it has a
// colon too, as user:password@ has, and that of an abstract socket begins with it.
func misread(host string) bool {
	return strings.LastIndex(host, "@") > 0 && (!strings.HasPrefix(host, "/") || strings.Contains(host, ":"))
}

func setDefaults(config *pgx.ConnConfig) {
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "eventcore"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
}
