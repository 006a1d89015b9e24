// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) eventcore.Store {
		b.Helper()
		store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "events.db"), sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		return store
	})
}

// BenchmarkRaw is the limit to compare BenchmarkStore with, in the same run: plain rows of the same size, 1 or 100 in
// a commit of the same durability.
func BenchmarkRaw(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("insert %d", size), func(b *testing.B) { benchmarkRaw(b, size) })
	}
}

func benchmarkRaw(b *testing.B, size int) {
	b.Helper()
	conn := openRaw(b, filepath.Join(b.TempDir(), "raw.db"))
	script(b, conn, "PRAGMA synchronous = FULL")
	script(b, conn, "CREATE TABLE rows (id INTEGER PRIMARY KEY, data TEXT)")
	data := strings.Repeat("x", 400)
	b.ResetTimer()
	for range b.N {
		script(b, conn, "BEGIN IMMEDIATE")
		for range size {
			options := &sqlitex.ExecOptions{Args: []any{data}}
			if err := sqlitex.Execute(conn, "INSERT INTO rows (data) VALUES (?1)", options); err != nil {
				b.Fatal(err)
			}
		}
		script(b, conn, "COMMIT")
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
}

func openRaw(tb testing.TB, path string) *zombiezen.Conn {
	tb.Helper()
	conn, err := zombiezen.OpenConn(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := conn.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return conn
}

func script(tb testing.TB, conn *zombiezen.Conn, statement string) {
	tb.Helper()
	if err := sqlitex.Execute(conn, statement, nil); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}
