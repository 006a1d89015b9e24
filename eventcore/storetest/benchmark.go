// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// Benchmark measures a store. Each call of open returns an empty store of its own, which Benchmark closes. The time
// per operation is that of one append, and that of one event where events are read.
func Benchmark(b *testing.B, open func(b *testing.B) eventcore.Store) {
	b.Helper()
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("append %d, 1 writer", size), func(b *testing.B) { benchmarkAppend(b, open(b), 1, size) })
		b.Run(fmt.Sprintf("append %d, 16 writers", size), func(b *testing.B) { benchmarkAppend(b, open(b), 16, size) })
	}
	b.Run("read two streams of 10", func(b *testing.B) { benchmarkReadStreams(b, open(b)) })
	catchUp := map[string]eventcore.Filter{
		"everything": {}, "a stream of all events": streams("all"), "a prefix of many streams": prefixes("order-"),
	}
	for name, filter := range catchUp {
		b.Run("catch up on "+name, func(b *testing.B) { benchmarkCatchUp(b, open(b), filter) })
	}
	b.Run("append to subscriber", func(b *testing.B) { benchmarkLive(b, open(b)) })
}

func benchmarkEvent(number int64) eventcore.Event {
	pending := event(eventcore.StreamID(fmt.Sprintf("order-default/order-%d", number/10)), "all")
	pending.Data = []byte(`{"lines":[{"product":"default/keyboard","quantity":2},{"product":"default/mouse","quantity":1}]}`)
	pending.Metadata = eventcore.Metadata{CommandType: "ReserveStock", CorrelationID: "0b5e8e5c-4f62-4be6-a9a5-2a3c1ce1c7a1"}
	return pending
}

func benchmarkAppend(b *testing.B, store eventcore.Store, writers, size int) {
	b.Helper()
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	concurrently(writers, func(int) {
		for number := next.Add(1); number <= int64(b.N); number = next.Add(1) {
			events := make([]eventcore.Event, size)
			for i := range events {
				events[i] = benchmarkEvent(number*int64(size) + int64(i))
			}
			if _, err := try(b.Context(), store, nil, events...); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
	closeBenchmark(b, store)
}

func fill(b *testing.B, store eventcore.Store, count int) {
	b.Helper()
	for number := 0; number < count; {
		events := make([]eventcore.Event, 0, 1000)
		for ; number < count && len(events) < 1000; number++ {
			events = append(events, benchmarkEvent(int64(number)))
		}
		write(b, store, events...)
	}
}

func benchmarkReadStreams(b *testing.B, store eventcore.Store) {
	b.Helper()
	fill(b, store, 10_000)
	filter := streams("order-default/order-500", "order-default/order-501")
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if events := read(b, store, eventcore.Query{Filter: filter}); len(events) != 20 {
			b.Fatalf("%d events", len(events))
		}
	}
	b.StopTimer()
	closeBenchmark(b, store)
}

func benchmarkCatchUp(b *testing.B, store eventcore.Store, filter eventcore.Filter) {
	b.Helper()
	fill(b, store, max(b.N, 10_000))
	b.ReportAllocs()
	b.ResetTimer()
	for batch, err := range store.Subscribe(b.Context(), 0, filter) {
		if err != nil {
			b.Fatal(err)
		}
		if batch.Through >= positionOf(b.N) {
			break
		}
	}
	b.StopTimer()
	closeBenchmark(b, store)
}

func benchmarkLive(b *testing.B, store eventcore.Store) {
	b.Helper()
	delivered := make(chan eventcore.Position)
	go func() {
		for batch, err := range store.Subscribe(b.Context(), 0, eventcore.Filter{}) {
			if err != nil {
				return
			}
			delivered <- batch.Through
		}
	}()
	b.ResetTimer()
	for number := range b.N {
		write(b, store, benchmarkEvent(int64(number)))
		for position := eventcore.Position(0); position < eventcore.Position(number+1); {
			position = <-delivered
		}
	}
	b.StopTimer()
	closeBenchmark(b, store)
}

func closeBenchmark(b *testing.B, store eventcore.Store) {
	b.Helper()
	if err := store.Close(); err != nil {
		b.Error(err)
	}
}
