// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// filled returns a store in which each account has so many deposits of 1.
func filled(t *testing.T, deposits int, accounts ...eventcore.StreamID) *faulty {
	t.Helper()
	store := newStore()
	executor := newExecutor(t, store)
	for range deposits {
		for _, account := range accounts {
			execute(t, executor, deposit(1, account))
		}
	}
	store.reads.Store(0)
	return store
}

// holdReads makes the store's reads wait until release is called.
func holdReads(store *faulty) (release func()) {
	gate := make(chan struct{})
	store.onRead = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
		return func(yield func(eventcore.Event, error) bool) {
			select {
			case <-gate:
			case <-ctx.Done():
				yield(eventcore.Event{}, ctx.Err())
				return
			}
			store.Store.Read(ctx, query)(yield)
		}
	}
	return func() { close(gate) }
}

func TestConcurrentLoadsOfAColdStreamShareOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := filled(t, 3, "anna")
		executor := newExecutor(t, store)
		release := holdReads(store)
		waiting := []<-chan outcome{}
		for range 20 {
			waiting = append(waiting, start(t.Context(), executor, deposit(1, "anna")))
		}
		synctest.Wait()
		release()
		for _, done := range waiting {
			if got := <-done; got.err != nil {
				t.Error(got.err)
			}
		}
		if reads := store.reads.Load(); reads != 1 {
			t.Errorf("%d reads, want 1", reads)
		}
		wantBalance(t, executor, "anna", 23)
	})
}

func TestConcurrentLoadsOfManyColdStreamsShareReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := filled(t, 2)
		executor := newExecutor(t, store)
		release := holdReads(store)
		waiting := []<-chan outcome{}
		for i := range 100 {
			waiting = append(waiting, start(t.Context(), executor, deposit(1, account(i))))
		}
		synctest.Wait()
		release()
		for _, done := range waiting {
			if got := <-done; got.err != nil {
				t.Error(got.err)
			}
		}
		if reads := store.reads.Load(); reads < 5 || reads > 10 {
			t.Errorf("%d reads, want about 6: four at once, and two for the others", reads)
		}
	})
}

func TestDeclaredStreamsAreReadAllAtOnce(t *testing.T) {
	store := filled(t, 5, "anna", "ben")
	var queries []eventcore.Query
	store.onRead = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
		queries = append(queries, query)
		return store.Store.Read(ctx, query)
	}
	executor := newExecutor(t, store)
	execute(t, executor, Transfer{From: "anna", To: "ben", Amount: 5})
	if len(queries) != 1 || !slices.Equal(queries[0].Filter.Streams, []eventcore.StreamID{"anna", "ben"}) {
		t.Errorf("read %+v, want both streams in one query", queries)
	}
	wantBalance(t, executor, "ben", 10)
}

func TestDeclaredStreamsWithLongHistoriesAreReadOneByOne(t *testing.T) {
	store := filled(t, 3_000, "anna", "ben")
	executor := newExecutor(t, store)
	execute(t, executor, Transfer{From: "anna", To: "ben", Amount: 3_000})
	if reads := store.reads.Load(); reads != 3 {
		t.Errorf("%d reads, want one that was too much, and two", reads)
	}
	wantBalance(t, executor, "ben", 6_000)
}

func TestWhatIsCommittedDuringAReadIsInTheState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := filled(t, 2, "anna", "ben", "carl")
		executor := newExecutor(t, store)
		execute(t, executor, deposit(1, "carl"))
		store.onRead = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
			return func(yield func(eventcore.Event, error) bool) {
				for event, err := range store.Store.Read(ctx, query) {
					if !yield(event, err) {
						return
					}
				}
				// The history has been read. This one is committed before it is folded.
				store.onRead = nil
				other := newExecutor(t, store.Store)
				execute(t, other, deposit(10, "anna"))
				execute(t, other, deposit(10, "ben"))
				wantBalance(t, executor, "carl", 3)
			}
		}
		receipt := execute(t, executor, Transfer{From: "anna", To: "ben", Amount: 12})
		if receipt.Attempts != 1 {
			t.Errorf("%d attempts, want 1", receipt.Attempts)
		}
		wantBalance(t, executor, "ben", 24)
	})
}

func TestWhoeverSharedTheReadOfACallerWhoGaveUpReadsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := filled(t, 1, "cold")
		executor := newExecutor(t, store)
		release := holdReads(store)
		ctx, cancel := context.WithCancel(t.Context())
		impatient := []<-chan outcome{}
		for i := range 8 { // four read, and the others wait for their turn
			impatient = append(impatient, start(ctx, executor, deposit(1, account(i))))
		}
		synctest.Wait()
		patient := []<-chan outcome{}
		for i := range 8 { // on the same streams, and on others
			patient = append(patient, start(t.Context(), executor, deposit(1, account(i+4))))
		}
		synctest.Wait()
		cancel()
		for _, done := range impatient {
			if got := <-done; !errors.Is(got.err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", got.err)
			}
		}
		release()
		for _, done := range patient {
			if got := <-done; got.err != nil {
				t.Error(got.err)
			}
		}
		if receipt := execute(t, executor, deposit(1, "cold")); receipt.Events[0].Streams[0].Version != 2 {
			t.Errorf("got %+v, want version 2", receipt)
		}
	})
}

func TestAStoreThatPanicsLeavesNobodyWaiting(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	store.onRead = func(context.Context, eventcore.Query) iter.Seq2[eventcore.Event, error] { panic("a bug") }
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := executor.Execute(t.Context(), deposit(1, "anna")); err == nil {
				t.Error("no error")
			}
		})
	}
	group.Wait()
	store.onRead = nil
	execute(t, executor, deposit(1, "anna"))
}

// BenchmarkCold executes commands that declare two streams which nobody has in memory.
func BenchmarkCold(b *testing.B) {
	executor := newExecutor(b, memory.New(memory.Options{}))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		from, to := eventcore.StreamID(fmt.Sprint("from-", i)), eventcore.StreamID(fmt.Sprint("to-", i))
		execute(b, executor, Transfer{From: from, To: to})
	}
}
