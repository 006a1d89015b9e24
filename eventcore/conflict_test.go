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
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/eventcore/order-operator/eventcore"
)

func TestARefusalThatRestsOnAStaleStateIsDecidedAgain(t *testing.T) {
	store := newStore()
	one, other := newExecutor(t, store), newExecutor(t, store)
	execute(t, one, deposit(1, "anna"))
	execute(t, other, deposit(100, "anna"))
	receipt := execute(t, one, withdraw(50, "anna"))
	if receipt.Attempts != 2 {
		t.Errorf("%d attempts, want 2", receipt.Attempts)
	}
	if _, err := other.Execute(t.Context(), withdraw(60, "anna")); !errors.Is(err, errInsufficientFunds) {
		t.Errorf("got %v, want a refusal: the balance is 51", err)
	}
}

func TestANoOpThatRestsOnAStaleStateIsDecidedAgain(t *testing.T) {
	store := newStore()
	one, other := newExecutor(t, store), newExecutor(t, store)
	sweep := handle(func(b *eventcore.Boundary) error {
		account := eventcore.Load[Account](b, "anna")
		if account.Balance == 0 {
			return nil
		}
		return b.Append(Withdrawn{Amount: account.Balance}, "anna")
	})
	if receipt := execute(t, one, sweep); receipt.Events != nil || receipt.Position != 0 {
		t.Errorf("got %+v of an empty account", receipt)
	}
	execute(t, other, deposit(9, "anna"))
	if receipt := execute(t, one, sweep); receipt.Attempts != 2 || len(receipt.Events) != 1 {
		t.Errorf("got %+v, want the withdrawal at the second attempt", receipt)
	}
	if receipt := execute(t, one, sweep); receipt.Attempts != 1 || receipt.Events != nil || receipt.Position != 2 {
		t.Errorf("got %+v, want nothing to do at position 2", receipt)
	}
}

func TestAnswersWaitForTheValidationOfTheirReads(t *testing.T) {
	raw := newStore()
	store := &faulty{Store: raw}
	executor := newExecutor(t, store)
	other := newExecutor(t, raw)
	execute(t, executor, deposit(10, "anna"))
	var once sync.Once
	store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		// Another process comes first, between the decision and its validation.
		once.Do(func() { execute(t, other, deposit(90, "anna")) })
		return raw.Append(ctx, request)
	}
	receipt, err := executor.Execute(t.Context(), withdraw(50, "anna"))
	if err != nil || receipt.Attempts != 2 {
		t.Errorf("got %v after %d attempts, want the withdrawal at the second", err, receipt.Attempts)
	}
}

func TestASpuriousConflictIsDecidedAgain(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	failures := 5
	store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		if failures > 0 {
			failures--
			return eventcore.Appended{}, &eventcore.ConflictError{}
		}
		return store.Store.Append(ctx, request)
	}
	if receipt := execute(t, executor, deposit(1, "anna")); receipt.Attempts != 6 {
		t.Errorf("%d attempts, want 6", receipt.Attempts)
	}
	wantBalance(t, executor, "anna", 1)
}

func TestEndlessConflictsEndInContention(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store, eventcore.ExecutorOptions{MaxAttempts: 3})
	store.onAppend = func(context.Context, eventcore.AppendRequest) (eventcore.Appended, error) {
		return eventcore.Appended{}, &eventcore.ConflictError{}
	}
	_, err := executor.Execute(t.Context(), deposit(1, "anna"))
	if appends := store.appends.Load(); !errors.Is(err, eventcore.ErrContention) || appends != 3 {
		t.Errorf("got %v after %d appends, want ErrContention after 3", err, appends)
	}
}

func TestContentionOfOneStreamFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		gate := make(chan struct{})
		store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
			<-gate
			if slices.ContainsFunc(request.Guards, func(g eventcore.Guard) bool { return g.Stream == "hot" }) {
				return eventcore.Appended{}, &eventcore.ConflictError{}
			}
			return store.Store.Append(ctx, request)
		}
		first := start(t.Context(), executor, deposit(1, "first"))
		synctest.Wait()
		hot := start(t.Context(), executor, deposit(1, "hot"))
		neighbours := []<-chan outcome{}
		for i := range 100 {
			account := eventcore.StreamID(fmt.Sprint("neighbour-", i))
			neighbours = append(neighbours, start(t.Context(), executor, deposit(1, account)))
		}
		synctest.Wait()
		close(gate)
		<-first
		if got := <-hot; !errors.Is(got.err, eventcore.ErrContention) {
			t.Errorf("got %v, want ErrContention", got.err)
		}
		for _, done := range neighbours {
			if got := <-done; got.err != nil {
				t.Error(got.err)
			}
		}
	})
}

func TestTwoProcessesConserveTheSum(t *testing.T) {
	const accounts, callers, transfers, each = 4, 8, 50, 1_000
	store := newStore()
	processes := []*eventcore.Executor{newExecutor(t, store), newExecutor(t, store)}
	account := func(i int) eventcore.StreamID { return eventcore.StreamID(fmt.Sprint("account-", i%accounts)) }
	for i := range accounts {
		execute(t, processes[0], deposit(each, account(i)))
	}
	var group sync.WaitGroup
	var conflicts atomic.Int64
	for i := range callers {
		group.Go(func() {
			for j := range transfers {
				command := Transfer{From: account(i + j), To: account(i + 2*j + 1), Amount: int64(1 + i*j)}
				if command.From == command.To {
					continue
				}
				receipt, err := processes[i%2].Execute(t.Context(), command)
				if err != nil && !errors.Is(err, errInsufficientFunds) {
					t.Error(err)
				}
				conflicts.Add(int64(receipt.Attempts - 1))
			}
		})
	}
	group.Wait()
	t.Logf("%d decisions were repeated", conflicts.Load())
	for _, process := range processes {
		sum := int64(0)
		for i := range accounts {
			has := balance(t, process, account(i))
			if has < 0 {
				t.Errorf("%s has %d", account(i), has)
			}
			sum += has
		}
		if sum != accounts*each {
			t.Errorf("the sum is %d, want %d", sum, accounts*each)
		}
	}
}

func TestAFailedCommitDropsTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(10, "anna"))
		errDisk := errors.New("the disk is full")
		gate := make(chan struct{})
		store.onAppend = func(context.Context, eventcore.AppendRequest) (eventcore.Appended, error) {
			<-gate
			return eventcore.Appended{}, errDisk
		}
		commands := []eventcore.Command{
			deposit(1, "anna"), deposit(1, "anna"), withdraw(99, "anna"), deposit(1, "ben"), withdraw(9, "anna"),
		}
		waiting := []<-chan outcome{}
		for _, command := range commands {
			waiting = append(waiting, start(t.Context(), executor, command))
			synctest.Wait()
		}
		close(gate)
		for i, done := range waiting {
			if got := <-done; !errors.Is(got.err, errDisk) || got.receipt.Events != nil {
				t.Errorf("%+v: got %v, want the store's error: a refusal rests on the same commit", commands[i], got.err)
			}
		}
		wantBalance(t, executor, "anna", 10)
		store.onAppend = nil
		if receipt := execute(t, executor, withdraw(10, "anna")); receipt.Attempts != 1 {
			t.Errorf("%d attempts, want 1", receipt.Attempts)
		}
		if _, err := executor.Execute(t.Context(), withdraw(1, "ben")); !errors.Is(err, errInsufficientFunds) {
			t.Errorf("got %v, want a refusal", err)
		}
	})
}

func TestACommitThatIsOnlySaidToHaveFailedIsFoundByTheNextDecision(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	execute(t, executor, deposit(10, "anna"))
	store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		if _, err := store.Store.Append(ctx, request); err != nil {
			return eventcore.Appended{}, err
		}
		return eventcore.Appended{}, eventcore.ErrOutcomeUnknown
	}
	if _, err := executor.Execute(t.Context(), withdraw(10, "anna")); !errors.Is(err, eventcore.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
	store.onAppend = nil
	if _, err := executor.Execute(t.Context(), withdraw(10, "anna")); !errors.Is(err, errInsufficientFunds) {
		t.Errorf("got %v, want a refusal: the money is gone", err)
	}
}

func TestWhatOthersWroteCannotBeRead(t *testing.T) {
	raw := newStore()
	store := &faulty{Store: raw}
	executor, other := newExecutor(t, store), newExecutor(t, raw)
	execute(t, executor, deposit(1, "anna"))
	errNetwork := errors.New("the network is gone")
	broken := func(context.Context, eventcore.Query) iter.Seq2[eventcore.Event, error] {
		return failedRead(errNetwork)
	}

	execute(t, other, deposit(1, "ben"))
	store.onRead = broken
	// The command is committed: that it cannot be read again is no reason to say otherwise.
	execute(t, executor, deposit(1, "anna"))
	if _, err := eventcore.View[Account](t.Context(), executor, "anna"); !errors.Is(err, errNetwork) {
		t.Errorf("view: got %v, want the read's error, and no stale state", err)
	}
	if _, err := executor.Execute(t.Context(), withdraw(2, "anna")); !errors.Is(err, errNetwork) {
		t.Errorf("a conflict: got %v, want the read's error, and no refusal on a stale state", err)
	}
	if _, err := executor.Execute(t.Context(), deposit(1, "carl")); !errors.Is(err, errNetwork) {
		t.Errorf("a cold stream: got %v, want the read's error", err)
	}
	store.onRead = nil
	execute(t, executor, withdraw(2, "anna"))
	wantBalance(t, executor, "anna", 0)
}

func TestStatesOfOneStreamFromTwoMomentsAreNeverMixed(t *testing.T) {
	for _, freshFirst := range []bool{true, false} {
		store := newStore()
		executor, other := newExecutor(t, store), newExecutor(t, store)
		execute(t, executor, deposit(1, "anna")) // Account is in memory at version 1
		execute(t, other, deposit(1, "anna"))
		execute(t, executor, handle(func(b *eventcore.Boundary) error {
			if freshFirst {
				eventcore.Load[counter](b, "anna") // read now, at version 2
			}
			account := eventcore.Load[Account](b, "anna")
			fresh := eventcore.Load[counter](b, "anna")
			if b.Append(Deposited{}, "anna") == nil && int64(fresh) != account.Balance {
				return fmt.Errorf("%d deposits add up to %d", fresh, account.Balance)
			}
			return nil
		}))
	}
}

// counter counts the events of a stream.
type counter int

func (c counter) Apply(eventcore.StreamID, *eventcore.Event) counter { return c + 1 }

func TestAnEventOfAnUnknownTypeFailsOnlyThoseWhoLoadItsStream(t *testing.T) {
	raw := newStore()
	executor := newExecutor(t, raw)
	execute(t, executor, deposit(1, "anna"))
	execute(t, executor, deposit(1, "ben"))
	// A newer version of the program writes what this one does not know.
	stranger := eventcore.Event{
		Type: "Frozen", SchemaVersion: 1, Data: []byte(`{}`), Streams: []eventcore.Membership{{Stream: "anna"}},
	}
	if _, err := raw.Append(t.Context(), eventcore.AppendRequest{Events: []eventcore.Event{stranger}}); err != nil {
		t.Fatal(err)
	}
	execute(t, executor, deposit(1, "ben"))
	if _, err := executor.Execute(t.Context(), deposit(1, "anna")); !errors.Is(err, eventcore.ErrUnknownType) {
		t.Errorf("got %v, want ErrUnknownType", err)
	}
	if _, err := eventcore.View[Account](t.Context(), executor, "anna"); !errors.Is(err, eventcore.ErrUnknownType) {
		t.Errorf("view: got %v, want ErrUnknownType", err)
	}
}
