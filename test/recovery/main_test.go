// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package recovery_test

import (
	"context"
	"errors"
	"testing"

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
	harness.Main("recovery-", func(ctx context.Context, site harness.Site) (code int, err error) {
		root = site.Root
		if program, err = harness.BuildManager(ctx, root, site.Folder); err != nil {
			return 1, err
		}
		if server, err = pgtest.Start(); err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		return m.Run(), nil
	})
}
