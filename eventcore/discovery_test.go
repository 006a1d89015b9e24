// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/eventcore/order-operator/eventcore"
)

// redirects is a registry and an executor for the commands Close and Pay.
func redirects(t *testing.T, store eventcore.Store) *eventcore.Executor {
	t.Helper()
	registry := eventcore.NewRegistry(eventcore.Type[Deposited]("Deposited", 1), eventcore.Type[Closed]("Closed", 1))
	executor, err := eventcore.NewExecutor(t.Context(), store, registry, eventcore.ExecutorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(executor.Close)
	return executor
}

func paidTo(receipt eventcore.Receipt) eventcore.StreamID { return receipt.Events[0].Streams[0].Stream }

func TestACommandFindsStreamsInTheStateOfOthers(t *testing.T) {
	executor := redirects(t, newStore())
	for i := 1; i < 10; i++ {
		execute(t, executor, Close{account(i), account(i + 1)})
	}
	if got := paidTo(execute(t, executor, Pay{Account: account(1), Amount: 1})); got != account(10) {
		t.Errorf("paid to %s, want %s", got, account(10))
	}
}

func account(i int) eventcore.StreamID { return eventcore.StreamID(fmt.Sprint("account-", i)) }

func TestACommandNeedsMoreStreamsAfterTheStateHasChanged(t *testing.T) {
	store := newStore()
	executor, other := redirects(t, store), redirects(t, store)
	if got := paidTo(execute(t, executor, Pay{Account: "old"})); got != "old" {
		t.Errorf("paid to %s, want old", got)
	}
	execute(t, other, Close{"old", "newer"})
	execute(t, other, Close{"newer", "newest"})
	receipt := execute(t, executor, Pay{Account: "old"}) // decided on a stale state, then on streams not in memory
	if got := paidTo(receipt); got != "newest" || receipt.Attempts != 2 {
		t.Errorf("paid to %s after %d attempts, want newest after 2", got, receipt.Attempts)
	}
}

func TestACommandNeedsMoreStreamsBecauseOfAnEarlierOneInItsBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := redirects(t, store)
		execute(t, executor, Pay{Account: "old"})
		release := hold(store)
		first := start(t.Context(), executor, Pay{Account: "another"})
		synctest.Wait()
		closing := start(t.Context(), executor, Close{"old", "new"})
		synctest.Wait()
		paying := start(t.Context(), executor, Pay{Account: "old"})
		synctest.Wait()
		release()
		<-first
		if got := <-closing; got.err != nil {
			t.Error(got.err)
		}
		if got := <-paying; got.err != nil || paidTo(got.receipt) != "new" {
			t.Errorf("got %+v, want a payment to new", got)
		}
	})
}

func TestEndlessDiscoveryIsAnError(t *testing.T) {
	next := atomic.Int64{}
	tests := map[string]func(b *eventcore.Boundary) error{
		"another stream in every attempt": func(b *eventcore.Boundary) error {
			eventcore.Load[Account](b, account(int(next.Add(1))))
			return nil
		},
		"more and more streams in one attempt": func(b *eventcore.Boundary) error {
			for i := 0; ; i++ {
				eventcore.Load[Account](b, account(i))
			}
		},
		"waiting for a state that never comes": func(b *eventcore.Boundary) error {
			i := 0
			for eventcore.Load[Account](b, account(i)).Balance == 0 {
				i++
			}
			return nil
		},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			store := newStore()
			executor := newExecutor(t, store)
			for range 2 {
				if _, err := executor.Execute(t.Context(), handle(f)); !errors.Is(err, eventcore.ErrDiscoveryDepth) {
					t.Errorf("got %v, want ErrDiscoveryDepth", err)
				}
			}
			if receipt := execute(t, executor, deposit(1, "anna")); receipt.Attempts != 1 {
				t.Errorf("the next command took %d attempts", receipt.Attempts)
			}
		})
	}
}

func TestHandleMayStumbleOverTheStateOfAStreamThatIsNotLoadedYet(t *testing.T) {
	executor := newExecutor(t, newStore())
	execute(t, executor, deposit(3, "anna"))
	receipt := execute(t, executor, handle(func(b *eventcore.Boundary) error {
		events := eventcore.Load[counter](b, "anna")
		return b.Append(Deposited{Amount: 12 / int64(events)}, "anna") // panics on the zero state
	}))
	if got := receipt.Events[0].Payload.(Deposited).Amount; got != 12 {
		t.Errorf("deposited %d, want 12", got)
	}
}

func TestAStreamIsReadOnceAndThenKept(t *testing.T) {
	store := newStore()
	for range 100 {
		execute(t, newExecutor(t, store), deposit(1, "anna"))
	}
	executor := newExecutor(t, store)
	store.reads.Store(0)
	execute(t, executor, deposit(1, "anna"))
	if reads := store.reads.Load(); reads != 1 {
		t.Errorf("%d reads of a cold stream, want 1", reads)
	}
	store.reads.Store(0)
	for range 100 {
		execute(t, executor, deposit(1, "anna"))
		_, _ = executor.Execute(t.Context(), withdraw(1_000, "anna"))
		balance(t, executor, "anna")
	}
	if reads := store.reads.Load(); reads != 0 {
		t.Errorf("%d reads of a warm stream, want none", reads)
	}
}

func TestADeclaredStreamThatIsNeverLoadedCostsNoRead(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store, eventcore.ExecutorOptions{AppendOnly: []eventcore.StreamID{"all"}})
	execute(t, executor, deposit(1, "anna"))
	store.reads.Store(0)
	execute(t, executor, custom{
		reads: []eventcore.StreamID{"anna", "all", "never"},
		handle: func(b *eventcore.Boundary) error {
			eventcore.Load[Account](b, "anna")
			return nil
		},
	})
	if reads := store.reads.Load(); reads != 0 {
		t.Errorf("%d reads, want none", reads)
	}
}
