// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Pooler starts PgBouncer in transaction mode before the server, for the test, and returns a function that leads a DSN
// of the server through it. The test fails if PgBouncer is not installed.
func (s *Server) Pooler(tb testing.TB) func(dsn string) string {
	tb.Helper()
	program, err := look("pgbouncer", "apt-get install pgbouncer", "/usr/sbin")
	if err != nil {
		tb.Fatal(err)
	}
	folder, err := folder(s.owner)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			tb.Error(err)
		}
	})
	config := filepath.Join(folder, "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
* = host=%s user=postgres
[pgbouncer]
listen_port = 5432
unix_socket_dir = %s
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = 3
`, s.folder, folder)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil { //nolint:gosec // another user reads it.
		tb.Fatal(err)
	}
	process, err := start("TERM", s.owner, program, config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(process.stop)
	through := func(dsn string) string { return strings.Replace(dsn, s.folder, folder, 1) }
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	if err := await(ctx, process, through(s.DSN("postgres"))+"&default_query_exec_mode=exec"); err != nil {
		tb.Fatalf("PgBouncer does not answer: %v\n%s", err, process.log)
	}
	return through
}
