// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/eventcore/order-operator/eventcore"
)

func TestCloseWaitsForACallerWhoDecidesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		release := hold(store)
		alone := start(t.Context(), executor, deposit(1, "anna"))
		synctest.Wait()
		queued := start(t.Context(), executor, deposit(1, "anna"))
		synctest.Wait()
		closed := make(chan struct{})
		go func() {
			executor.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed while a command was on its way")
		default:
		}
		release()
		<-closed
		if got := <-alone; got.err != nil {
			t.Error(got.err)
		}
		if got := <-queued; got.err != nil && !errors.Is(got.err, eventcore.ErrClosed) {
			t.Error(got.err)
		}
		if _, err := executor.Execute(t.Context(), deposit(1, "anna")); !errors.Is(err, eventcore.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

func TestAHandleThatEndsItsGoroutineStopsNobodyElse(t *testing.T) {
	executor := newExecutor(t, newStore())
	execute(t, executor, deposit(1, "anna"))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = executor.Execute(t.Context(), handle(func(*eventcore.Boundary) error {
			runtime.Goexit()
			return nil
		}))
	}()
	<-ended
	execute(t, executor, deposit(1, "anna"))
	wantBalance(t, executor, "anna", 2)
}

func TestCommandsThatAreGivenUpNeverDisturbOthers(t *testing.T) {
	executor := newExecutor(t, newStore())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if i%2 == 0 {
					go cancel()
				}
				receipt, err := executor.Execute(ctx, deposit(1, "anna"))
				if err == nil && (len(receipt.Events) != 1 || receipt.Events[0].Metadata.CommandType != "Deposit") {
					t.Errorf("got %+v", receipt)
				}
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	group.Wait()
	snapshot, err := eventcore.View[Account](t.Context(), executor, "anna")
	if err != nil || snapshot.State.Balance != int64(snapshot.Version) {
		t.Errorf("%+v, %v", snapshot, err)
	}
}
