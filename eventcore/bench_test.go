// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// BenchmarkCommand executes one command after another on one stream, which has some history at the start. A cold
// executor has nothing in memory.
func BenchmarkCommand(b *testing.B) {
	for _, history := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("history=%d", history), func(b *testing.B) {
			executor := newExecutor(b, memory.New(memory.Options{}))
			for range history {
				execute(b, executor, deposit(1, "account"))
			}
			b.ReportAllocs()
			for b.Loop() {
				execute(b, executor, deposit(1, "account"))
			}
		})
	}
	b.Run("cold/history=10000", func(b *testing.B) {
		store := memory.New(memory.Options{})
		executor := newExecutor(b, store)
		for range 10_000 {
			execute(b, executor, deposit(1, "account"))
		}
		b.ReportAllocs()
		for b.Loop() {
			cold, err := eventcore.NewExecutor(b.Context(), store, bank, eventcore.ExecutorOptions{})
			if err != nil {
				b.Fatal(err)
			}
			execute(b, cold, withdraw(0, "account"))
			cold.Close()
		}
	})
}

// BenchmarkCallers has 16 goroutines execute commands, all on one stream or each on streams that nobody has seen.
func BenchmarkCallers(b *testing.B) {
	const callers = 16
	for _, streams := range []string{"hot", "fresh"} {
		b.Run(streams, func(b *testing.B) {
			executor := newExecutor(b, memory.New(memory.Options{}))
			b.ReportAllocs()
			b.ResetTimer()
			var group sync.WaitGroup
			for caller := range callers {
				group.Go(func() {
					for i := caller; i < b.N; i += callers {
						stream := eventcore.StreamID("hot")
						if streams == "fresh" {
							stream = eventcore.StreamID(fmt.Sprint("fresh-", i))
						}
						if _, err := executor.Execute(b.Context(), deposit(1, stream)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
		})
	}
}

// BenchmarkView reads the state of a stream that is in memory.
func BenchmarkView(b *testing.B) {
	executor := newExecutor(b, memory.New(memory.Options{}))
	execute(b, executor, deposit(1, "account"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := eventcore.View[Account](b.Context(), executor, "account"); err != nil {
			b.Fatal(err)
		}
	}
}
