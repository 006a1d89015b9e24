// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/eventcore/order-operator/eventcore/postgres/pgtest"
	"github.com/eventcore/order-operator/test/harness"
)

// What all tests share.
var (
	program string
	root    string
	server  *pgtest.Server
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	folder, err := os.MkdirTemp("", "recovery-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if root, err = harness.Root(); err != nil {
		return 1, err
	}
	if program, err = harness.BuildManager(context.Background(), root, folder); err != nil {
		return 1, err
	}
	if server, err = pgtest.Start(); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	return m.Run(), nil
}
