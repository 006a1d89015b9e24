// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/postgres"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func BenchmarkStore(b *testing.B) {
	dsn := server.Database(b)
	schemas := atomic.Int64{}
	storetest.Benchmark(b, func(b *testing.B) eventcore.Store {
		b.Helper()
		store, err := postgres.Open(b.Context(), dsn, postgres.Options{Schema: fmt.Sprintf("bench%d", schemas.Add(1))})
		if err != nil {
			b.Fatal(err)
		}
		return store
	})
}

// load is a measurement. Rows are raw, each size of them in a statement of its own; commands go through executors, each
// on a store of its own as if it were in another process.
type load struct {
	name, compared string
	connections    int
	size           int
	executors      int
	callers        int
	command        func(caller int) Put
}

// BenchmarkRatios compares an Executor's appends with the raw limits of the same server in the same run: plain rows of
// the same size, one by one or 100 in a statement, each statement committed.
func BenchmarkRatios(b *testing.B) {
	seconds := map[string]float64{}
	for _, l := range []load{
		{name: "raw on 1 connection", connections: 1, size: 1},
		{name: "append by 1 caller", compared: "raw on 1 connection", executors: 1, callers: 1, command: put},
		{name: "raw on 16 connections", connections: 16, size: 1},
		{name: "append by 16 callers", compared: "raw on 16 connections", executors: 1, callers: 16, command: put},
		{name: "transfer by 16 callers", compared: "raw on 16 connections", executors: 1, callers: 16, command: transfer},
		{name: "append by 2 processes of 8", compared: "append by 16 callers", executors: 2, callers: 8, command: put},
		{name: "raw 100 in a statement", connections: 1, size: 100},
		{name: "append by 256 callers", compared: "raw 100 in a statement", executors: 1, callers: 256, command: put},
		{name: "append by 2 processes of 128", compared: "append by 256 callers", executors: 2, callers: 128, command: put},
	} {
		b.Run(l.name, func(b *testing.B) {
			if l.connections > 0 {
				benchmarkRaw(b, l.connections, l.size)
			} else {
				benchmarkExecutors(b, l.executors, l.callers, l.command)
			}
			seconds[l.name] = b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(1/seconds[l.name], "events/s")
			if l.compared != "" {
				b.ReportMetric(seconds[l.compared]/seconds[l.name], "x_"+strings.ReplaceAll(l.compared, " ", "_"))
			}
		})
	}
}

// concurrently runs work with the numbers 0 to count-1 at the same time, each until it has had its share of b.N.
func concurrently(b *testing.B, count int, work func(caller int) error) {
	b.Helper()
	var group sync.WaitGroup
	var next atomic.Int64
	b.ResetTimer()
	for caller := range count {
		group.Go(func() {
			for next.Add(1) <= int64(b.N) {
				if err := work(caller); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
}

// benchmarkRaw counts rows, size of them in each statement.
func benchmarkRaw(b *testing.B, connections, size int) {
	b.Helper()
	config, err := pgxpool.ParseConfig(server.Database(b))
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = int32(connections)
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	create := "CREATE TABLE rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, data text)"
	if _, err := pool.Exec(b.Context(), create); err != nil {
		b.Fatal(err)
	}
	data := strings.Repeat("x", 400)
	many := make([]string, size)
	for i := range many {
		many[i] = data
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	concurrently(b, connections, func(int) error {
		if left.Add(-int64(size)) <= -int64(size) {
			return nil
		}
		if size == 1 {
			_, err := pool.Exec(b.Context(), "INSERT INTO rows (data) VALUES ($1)", data)
			return err
		}
		_, err := pool.Exec(b.Context(), "INSERT INTO rows (data) SELECT unnest($1::text[])", many)
		return err
	})
}

// Put is an event, and the command that appends it to streams which it has loaded.
type Put struct {
	Data    string `json:"data"`
	streams []eventcore.StreamID
}

type counter int

func (c counter) Apply(eventcore.StreamID, *eventcore.Event) counter { return c + 1 }

func (p Put) ReadStreams() []eventcore.StreamID { return p.streams }

func (p Put) Handle(boundary *eventcore.Boundary) error {
	for _, stream := range p.streams {
		eventcore.Load[counter](boundary, stream)
	}
	return boundary.Append(p, append(p.streams, "all")...)
}

func put(caller int) Put {
	own := eventcore.StreamID(fmt.Sprintf("order-default/%d", caller))
	return Put{Data: strings.Repeat("x", 300), streams: []eventcore.StreamID{own}}
}

func transfer(caller int) Put {
	p := put(caller)
	p.streams = append(p.streams, eventcore.StreamID(fmt.Sprintf("order-default/to-%d", caller)))
	return p
}

// benchmarkExecutors counts commands.
func benchmarkExecutors(b *testing.B, executors, callers int, command func(caller int) Put) {
	b.Helper()
	dsn := server.Database(b)
	registry := eventcore.NewRegistry(eventcore.Type[Put]("Put", 1))
	running := make([]*eventcore.Executor, executors)
	for i := range running {
		var err error
		options := eventcore.ExecutorOptions{AppendOnly: []eventcore.StreamID{"all"}}
		running[i], err = eventcore.NewExecutor(b.Context(), openStore(b, dsn, postgres.Options{}), registry, options)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(running[i].Close)
	}
	for caller := range executors * callers { // warm
		if _, err := running[caller%executors].Execute(b.Context(), command(caller)); err != nil {
			b.Fatal(err)
		}
	}
	concurrently(b, executors*callers, func(caller int) error {
		_, err := running[caller%executors].Execute(b.Context(), command(caller))
		return err
	})
}
