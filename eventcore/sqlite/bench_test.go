// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
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

// BenchmarkEqualRaw writes the same rows as BenchmarkExecutor, into the same schema, without a store: 1 or 100 events in
// a commit, which writes their index by stream too.
func BenchmarkEqualRaw(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("insert %d", size), func(b *testing.B) { benchmarkEqualRaw(b, size) })
	}
}

func benchmarkEqualRaw(b *testing.B, size int) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "events.db")
	store, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	conn := openRaw(b, path)
	script(b, conn, "PRAGMA synchronous = FULL")
	id := []byte("0123456789abcdef")
	data := []byte(`{"amount":1}`)
	insert := "INSERT OR ROLLBACK INTO events (position, id, type, schema_version, recorded_at, metadata, streams, data, append_id) " +
		"VALUES (?1, ?2, 'Deposited', 1, 1, '{\"commandType\":\"deposit\"}', '1 account-0', ?3, ?2)"
	run := func(query string, args ...any) {
		if err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for i := 0; i < b.N*size; {
		run("BEGIN IMMEDIATE")
		for range size {
			i++
			run("INSERT OR ROLLBACK INTO streams (name) VALUES (?1)", fmt.Sprint("account-", i))
			run("INSERT OR ROLLBACK INTO memberships (stream, position, version) VALUES (?1, ?2, 1)", conn.LastInsertRowID(), i)
			run(insert, i, id, data)
		}
		run("COMMIT")
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkExecutor has callers execute commands, each on a fresh stream, on one of 256, or on one that all
// share.
func BenchmarkExecutor(b *testing.B) {
	for _, callers := range []int{1, 16, 256} {
		for _, kind := range []string{"fresh", "some", "hot"} {
			b.Run(fmt.Sprintf("%s, %d callers", kind, callers), func(b *testing.B) { benchmarkExecutor(b, callers, kind) })
		}
	}
}

type deposited struct {
	Amount int64 `json:"amount"`
}

type total int64

func (s total) Apply(_ eventcore.StreamID, event *eventcore.Event) total {
	return s + total(event.Payload.(deposited).Amount)
}

type deposit struct{ stream eventcore.StreamID }

func (c deposit) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.stream} }

func (c deposit) Handle(b *eventcore.Boundary) error {
	eventcore.Load[total](b, c.stream)
	return b.Append(deposited{1}, c.stream)
}

func benchmarkExecutor(b *testing.B, callers int, kind string) {
	b.Helper()
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	registry := eventcore.NewRegistry(eventcore.Type[deposited]("Deposited", 1))
	executor, err := eventcore.NewExecutor(b.Context(), store, registry, eventcore.ExecutorOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for i := caller; i < b.N; i += callers {
				stream := eventcore.StreamID("hot")
				switch kind {
				case "fresh":
					stream = eventcore.StreamID(fmt.Sprint("account-", i))
				case "some":
					stream = eventcore.StreamID(fmt.Sprint("account-", i%256))
				}
				if _, err := executor.Execute(b.Context(), deposit{stream}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
	executor.Close()
	if err := store.Close(); err != nil {
		b.Error(err)
	}
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
