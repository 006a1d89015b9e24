// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// faulty is a store with hooks: a nil hook passes the call on.
type faulty struct {
	eventcore.Store
	onAppend func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error)
	onRead   func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error]

	appends, reads atomic.Int64
}

func (s *faulty) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	s.appends.Add(1)
	if s.onAppend != nil {
		return s.onAppend(ctx, request)
	}
	return s.Store.Append(ctx, request)
}

func (s *faulty) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	s.reads.Add(1)
	if s.onRead != nil {
		return s.onRead(ctx, query)
	}
	return s.Store.Read(ctx, query)
}

// failedRead is what a store yields that cannot be read.
func failedRead(err error) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) { yield(eventcore.Event{}, err) }
}

func newStore() *faulty {
	return &faulty{Store: memory.New(memory.Options{})}
}

// newExecutor returns an executor on the bank's events that is closed with the test. Another one on the same store
// behaves like another process.
func newExecutor(tb testing.TB, store eventcore.Store, options ...eventcore.ExecutorOptions) *eventcore.Executor {
	tb.Helper()
	var o eventcore.ExecutorOptions
	if len(options) > 0 {
		o = options[0]
	}
	executor, err := eventcore.NewExecutor(tb.Context(), store, bank, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(executor.Close)
	return executor
}

func execute(tb testing.TB, executor *eventcore.Executor, command eventcore.Command) eventcore.Receipt {
	tb.Helper()
	receipt, err := executor.Execute(tb.Context(), command)
	if err != nil {
		tb.Fatalf("%T: %v", command, err)
	}
	return receipt
}

func balance(t *testing.T, executor *eventcore.Executor, account eventcore.StreamID) int64 {
	t.Helper()
	snapshot, err := eventcore.View[Account](t.Context(), executor, account)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.State.Balance
}

func wantBalance(t *testing.T, executor *eventcore.Executor, account eventcore.StreamID, want int64) {
	t.Helper()
	if got := balance(t, executor, account); got != want {
		t.Errorf("%s has %d, want %d", account, got, want)
	}
}

// storedEvents returns all events in the store.
func storedEvents(t *testing.T, store eventcore.Store) []eventcore.Event {
	t.Helper()
	var events []eventcore.Event
	for event, err := range store.Read(t.Context(), eventcore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// custom is a command made of a function.
type custom struct {
	reads  []eventcore.StreamID
	handle func(b *eventcore.Boundary) error
}

func (c custom) ReadStreams() []eventcore.StreamID      { return c.reads }
func (c custom) Handle(b *eventcore.Boundary) error     { return c.handle(b) }
func handle(f func(b *eventcore.Boundary) error) custom { return custom{handle: f} }
func deposit(amount int64, to eventcore.StreamID) Deposit {
	return Deposit{Account: to, Amount: amount}
}
func withdraw(amount int64, of eventcore.StreamID) Withdraw {
	return Withdraw{Account: of, Amount: amount}
}

// outcome is what a command came to that ran in its own goroutine.
type outcome struct {
	receipt eventcore.Receipt
	err     error
}

// start runs the command in its own goroutine.
func start(ctx context.Context, executor *eventcore.Executor, command eventcore.Command) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		receipt, err := executor.Execute(ctx, command)
		done <- outcome{receipt, err}
	}()
	return done
}

// hold makes the store's next append wait until release is called: what is executed meanwhile shares a batch.
func hold(store *faulty) (release func()) {
	gate := make(chan struct{})
	store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		<-gate
		return store.Store.Append(ctx, request)
	}
	return func() { close(gate) }
}
