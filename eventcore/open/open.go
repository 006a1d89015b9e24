// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package open

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// ErrDSN says that a DSN has none of the forms that Store knows. The error names the scheme at most: what follows
// it may hold a password.
var ErrDSN = errors.New("invalid store DSN")

const forms = `use "memory:" (lost with the process), "sqlite:PATH" (a file, such as sqlite:/var/lib/eventcore/events.db) ` +
	`or "postgres://USER:PASSWORD@HOST/DATABASE"`

// Options configure Open. The zero value opens a store, or creates it with an identity of its own.
type Options struct {
	// StoreID is the identity given to a history that is created; random if zero. An existing one keeps its own.
	StoreID uuid.UUID
	// Existing opens a store that there is, and creates none: Open fails with eventcore.ErrNoStore then.
	Existing bool
}

// Store opens the store that the DSN names, or creates it: see Open.
func Store(ctx context.Context, dsn string) (eventcore.Store, error) {
	return Open(ctx, dsn, Options{})
}

// Open opens the store that the DSN names:
//
//	memory:             in memory, lost with the process
//	sqlite:/path/to.db  in an SQLite file, which is created if it does not exist; relative paths are allowed
//	postgres://…        in the schema eventcore of a PostgreSQL database, which is created if it does not exist;
//	                    postgresql:// is the same
//
// The path of a file stands as it is, without escapes. PostgreSQL's DSN is a URL. Where it leads through a pooler, its
// parameter listen holds the (escaped) DSN that leads past it, for LISTEN. ctx bounds the opening alone. The error wraps
// ErrDSN when the DSN has another form.
func Open(ctx context.Context, dsn string, options Options) (eventcore.Store, error) {
	kind, rest, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	return kind.open(ctx, rest, options)
}

// Validate returns an error that wraps ErrDSN if Open would, as far as that can be told without opening anything.
func Validate(dsn string) error {
	_, _, err := parse(dsn)
	return err
}

// kind is a kind of stores.
type kind struct {
	open func(ctx context.Context, rest string, options Options) (eventcore.Store, error)
	// backup copies the store into a new file.
	backup func(ctx context.Context, store eventcore.Store, path string, options inspect.Options) (inspect.Report, error)
}

var (
	inMemory   = kind{open: openMemory, backup: sqlite.Export}
	inFile     = kind{open: openSQLite, backup: backUpFile}
	inPostgres = kind{open: openPostgres, backup: sqlite.Export}
)

// parse returns what kind of store the DSN names, and what that kind makes of it.
func parse(dsn string) (of kind, rest string, err error) {
	scheme, rest, found := strings.Cut(dsn, ":")
	switch {
	case dsn == "":
		return of, "", fmt.Errorf("%w: it is empty: %s", ErrDSN, forms)
	case !found || !isScheme(scheme):
		return of, "", fmt.Errorf("%w: it starts with no scheme: %s", ErrDSN, forms)
	}
	switch scheme {
	case "memory":
		if rest != "" {
			return of, "", fmt.Errorf("%w: nothing may follow memory: %s", ErrDSN, forms)
		}
		return inMemory, "", nil
	case "sqlite":
		return inFile, rest, checkFile(rest)
	case "postgres", "postgresql":
		if !strings.HasPrefix(rest, "//") {
			return of, "", fmt.Errorf("%w: postgres: without //: %s", ErrDSN, forms)
		}
		return inPostgres, dsn, nil
	}
	return of, "", fmt.Errorf("%w: unknown scheme %s: %s", ErrDSN, scheme, forms)
}

func checkFile(path string) error {
	switch {
	case path == "":
		return fmt.Errorf("%w: sqlite: without a path: %s", ErrDSN, forms)
	case strings.HasPrefix(path, "//"):
		return fmt.Errorf("%w: sqlite:// is followed by a host in other tools: %s", ErrDSN, forms)
	case strings.ContainsRune(path, 0):
		return fmt.Errorf("%w: the path after sqlite: holds a zero byte: %s", ErrDSN, forms)
	}
	return nil
}

func openMemory(_ context.Context, _ string, options Options) (eventcore.Store, error) {
	if options.Existing {
		return nil, fmt.Errorf("memory: %w: it is always new", eventcore.ErrNoStore)
	}
	return memory.New(memory.Options{StoreID: options.StoreID}), nil
}

func openSQLite(ctx context.Context, path string, options Options) (eventcore.Store, error) {
	store, err := sqlite.Open(ctx, path, sqlite.Options{StoreID: options.StoreID, Existing: options.Existing})
	if err != nil {
		return nil, err
	}
	return store, nil
}

func openPostgres(ctx context.Context, dsn string, options Options) (eventcore.Store, error) {
	dsn, listen, err := cutListen(dsn)
	if err != nil {
		return nil, err
	}
	store, err := postgres.Open(ctx, dsn, postgres.Options{
		StoreID: options.StoreID, Existing: options.Existing, ListenDSN: listen,
	})
	if errors.Is(err, postgres.ErrDSN) {
		return nil, fmt.Errorf("%w: %w", ErrDSN, err)
	}
	if err != nil {
		return nil, err
	}
	return store, nil
}

// cutListen takes the parameter listen out of the DSN: the server would take it for a setting. A DSN without it stays
// as it is.
func cutListen(dsn string) (rest, listen string, err error) {
	_, query, found := strings.Cut(dsn, "?")
	if !found || !strings.Contains(query, "listen=") {
		return dsn, "", nil
	}
	parsed, err := url.Parse(dsn)
	if err != nil { // it would repeat the DSN
		return "", "", fmt.Errorf("%w: %w", ErrDSN, postgres.ErrDSN)
	}
	values, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrDSN, postgres.ErrDSN)
	}
	listen = values.Get("listen")
	values.Del("listen")
	parsed.RawQuery = values.Encode()
	return parsed.String(), listen, nil
}

// isScheme reports whether the text is a scheme as URLs have it, and short: anything else might be a secret.
func isScheme(text string) bool {
	if len(text) == 0 || len(text) > 12 {
		return false
	}
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz") == ""
}
