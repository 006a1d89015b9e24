// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package open

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// ErrDSN says that a DSN has none of the forms that Store knows. The error names the scheme at most: what follows
// it may hold a password.
var ErrDSN = errors.New("invalid store DSN")

const forms = `use "memory:" (lost with the process), "sqlite:PATH" (a file, such as sqlite:/var/lib/eventcore/events.db) ` +
	`or "postgres://USER:PASSWORD@HOST/DATABASE"`

// Store opens the store that the DSN names:
//
//	memory:             in memory, lost with the process
//	sqlite:/path/to.db  in an SQLite file, which is created if it does not exist; relative paths are allowed
//	postgres://…        in the schema eventcore of a PostgreSQL database, which is created if it does not exist;
//	                    postgresql:// is the same
//
// The path of a file stands as it is, without escapes; PostgreSQL's DSN is a URL. ctx bounds the opening alone. The error wraps ErrDSN when the DSN has
// another form.
func Store(ctx context.Context, dsn string) (eventcore.Store, error) {
	scheme, rest, found := strings.Cut(dsn, ":")
	switch {
	case dsn == "":
		return nil, fmt.Errorf("%w: it is empty: %s", ErrDSN, forms)
	case !found || !isScheme(scheme):
		return nil, fmt.Errorf("%w: it starts with no scheme: %s", ErrDSN, forms)
	case scheme == "memory" && rest == "":
		return memory.New(memory.Options{}), nil
	case scheme == "memory":
		return nil, fmt.Errorf("%w: nothing may follow memory: %s", ErrDSN, forms)
	case scheme == "sqlite":
		return openSQLite(ctx, rest)
	case scheme == "postgres", scheme == "postgresql":
		return openPostgres(ctx, dsn, rest)
	}
	return nil, fmt.Errorf("%w: unknown scheme %s: %s", ErrDSN, scheme, forms)
}

func openSQLite(ctx context.Context, path string) (eventcore.Store, error) {
	switch {
	case path == "":
		return nil, fmt.Errorf("%w: sqlite: without a path: %s", ErrDSN, forms)
	case strings.HasPrefix(path, "//"):
		return nil, fmt.Errorf("%w: sqlite:// is followed by a host in other tools: %s", ErrDSN, forms)
	case strings.ContainsRune(path, 0):
		return nil, fmt.Errorf("%w: the path after sqlite: holds a zero byte: %s", ErrDSN, forms)
	}
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	return store, nil
}

func openPostgres(ctx context.Context, dsn, rest string) (eventcore.Store, error) {
	if !strings.HasPrefix(rest, "//") {
		return nil, fmt.Errorf("%w: postgres: without //: %s", ErrDSN, forms)
	}
	store, err := postgres.Open(ctx, dsn, postgres.Options{})
	if errors.Is(err, postgres.ErrDSN) {
		return nil, fmt.Errorf("%w: %w", ErrDSN, err)
	}
	if err != nil {
		return nil, err
	}
	return store, nil
}

// isScheme reports whether the text is a scheme as URLs have it, and short: anything else might be a secret.
func isScheme(text string) bool {
	if len(text) == 0 || len(text) > 12 {
		return false
	}
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz") == ""
}
