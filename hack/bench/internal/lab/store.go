// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// Kind is a kind of store.
type Kind string

// The kinds of stores.
const (
	Memory   Kind = "memory"
	SQLite   Kind = "SQLite"
	Postgres Kind = "PostgreSQL"
)

// Kinds are all kinds of stores.
func Kinds() []Kind { return []Kind{Memory, SQLite, Postgres} }

// DSN returns the DSN of a store of the kind that does not exist yet.
func (l *Lab) DSN(ctx context.Context, kind Kind) (string, error) {
	switch kind {
	case Memory:
		return "memory:", nil
	case SQLite:
		path, err := l.File("events.db")
		return "sqlite:" + path, err
	case Postgres:
		return l.Database(ctx)
	}
	return "", fmt.Errorf("no such kind of store: %s", kind)
}

// Store opens an empty store. Clear closes it.
func (l *Lab) Store(ctx context.Context, kind Kind) (eventcore.Store, error) {
	dsn, err := l.DSN(ctx, kind)
	if err != nil {
		return nil, err
	}
	store, err := open.Store(ctx, dsn)
	if err != nil {
		return nil, err
	}
	l.Defer(store.Close)
	return store, nil
}

// Executor starts an executor on the store. Clear closes it.
func (l *Lab) Executor(
	ctx context.Context, store eventcore.Store, registry *eventcore.Registry, options eventcore.ExecutorOptions,
) (*eventcore.Executor, error) {
	executor, err := eventcore.NewExecutor(ctx, store, registry, options)
	if err != nil {
		return nil, err
	}
	l.Defer(func() error {
		executor.Close()
		return nil
	})
	return executor, nil
}
