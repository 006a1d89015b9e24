// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

func TestADecisionThatAppendsNothingIsValidated(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		one, other := newExecutor(t, store), newExecutor(t, store)
		execute(t, one, deposit(10, "anna"))
		for name, command := range map[string]eventcore.Command{
			"a refusal": withdraw(11, "anna"),
			"a no-op": handle(func(b *eventcore.Boundary) error {
				eventcore.Load[Account](b, "anna")
				return nil
			}),
		} {
			if receipt, _ := one.Execute(t.Context(), command); receipt.Attempts > 1 {
				t.Errorf("%s on a current state: %d attempts", name, receipt.Attempts)
			}
			// one does not hear of it but by the validation.
			moved := execute(t, other, deposit(0, "anna"))
			receipt, _ := one.Execute(t.Context(), command)
			if receipt.Attempts != 2 || receipt.Position < moved.Position {
				t.Errorf("%s on a stale state: got %+v, want a second decision at position %d", name, receipt, moved.Position)
			}
		}
		execute(t, other, deposit(1, "anna"))
		if receipt := execute(t, one, withdraw(11, "anna")); len(receipt.Events) != 1 {
			t.Errorf("got %+v, want the withdrawal: a refusal would have been stale", receipt)
		}
	})
}

func TestAReceiptTellsTheVersionsOfItsStreams(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(10, "anna"))
		receipt := execute(t, executor, Transfer{From: "anna", To: "ben", Amount: 1})
		for stream, want := range map[eventcore.StreamID]eventcore.Version{"anna": 2, "ben": 1, "carl": 0} {
			if version, ok := receipt.Version(stream); version != want || ok != (want > 0) {
				t.Errorf("%s: got %d, %t; want %d", stream, version, ok, want)
			}
		}
	})
}

func TestAViewWaitsForAPosition(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor, other := newExecutor(t, store), newExecutor(t, store)
		done := make(chan error, 1)
		go func() {
			snapshot, err := eventcore.View[Account](t.Context(), executor, "anna", eventcore.AtLeast(3))
			if err == nil && (snapshot.State.Balance != 3 || snapshot.Head < 3) {
				err = errors.New("it is too old")
			}
			done <- err
		}()
		for range 3 {
			execute(t, other, deposit(1, "anna"))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := eventcore.View[Account](ctx, executor, "anna", eventcore.AtLeast(99))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline's end", err)
		}
	})
}

func TestADeadlineEndsTheWaitingForTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		release := hold(store)
		first := start(t.Context(), executor, deposit(1, "anna"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := executor.Execute(ctx, deposit(1, "anna")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline's end", err)
		}
		release()
		<-first
		wantBalance(t, executor, "anna", 1)
	})
}

func TestErrorsOfTheStoreKeepTheirCause(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	execute(t, executor, deposit(1, "anna"))
	cause := &os.PathError{Op: "write", Path: "events.db", Err: os.ErrPermission}
	expect := func(what string, err error) {
		t.Helper()
		got, ok := errors.AsType[*os.PathError](err)
		if !ok || got != cause || !errors.Is(err, os.ErrPermission) {
			t.Errorf("%s: got %v, want the store's error in it", what, err)
		}
	}
	store.onRead = func(context.Context, eventcore.Query) iter.Seq2[eventcore.Event, error] {
		return failedRead(cause)
	}
	_, err := executor.Execute(t.Context(), deposit(1, "ben"))
	expect("a stream that cannot be read", err)
	_, err = eventcore.View[Account](t.Context(), executor, "carl")
	expect("a view", err)
	store.onRead = nil
	store.onAppend = func(context.Context, eventcore.AppendRequest) (eventcore.Appended, error) {
		return eventcore.Appended{}, cause
	}
	_, err = executor.Execute(t.Context(), deposit(1, "anna"))
	expect("an append", err)
	_, err = executor.Execute(t.Context(), withdraw(9, "anna"))
	expect("the validation of a refusal", err)
}
