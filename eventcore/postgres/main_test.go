// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
)

// childVariable holds what this test binary shall do as a process of its own, childDSN the store's DSN.
const (
	childVariable = "EVENTCORE_POSTGRES_TEST_CHILD"
	childDSN      = "EVENTCORE_POSTGRES_TEST_DSN"
)

// server is the one that all tests use, each with a database of its own.
var server *pgtest.Server

func TestMain(m *testing.M) {
	run := func() error { return runTests(m) }
	if role := os.Getenv(childVariable); role != "" {
		run = func() error { return child(context.Background(), role, os.Getenv(childDSN)) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runTests(m *testing.M) (err error) {
	if server, err = pgtest.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if m.Run() != 0 {
		return errors.New("the tests have failed")
	}
	return nil
}

func child(ctx context.Context, role, dsn string) error {
	store, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return err
	}
	if role == "append" {
		return appendForEver(ctx, store)
	}
	count, err := strconv.Atoi(role)
	if err != nil {
		return err
	}
	return errors.Join(appendGuarded(ctx, store, count, os.Getpid()), store.Close())
}
