// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

func TestWhoObservesIsToldOfEachAttemptToCommit(t *testing.T) {
	store := newStore()
	now := time.Date(2031, 5, 17, 10, 20, 30, 0, time.UTC)
	var told []eventcore.Commit
	executor := newExecutor(t, store, eventcore.ExecutorOptions{
		Clock:     func() time.Time { return now },
		Committed: func(commit eventcore.Commit) { told = append(told, commit) },
	})
	broken := errors.New("the disk is full")
	store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		now = now.Add(time.Second)
		if len(told) == 0 {
			return eventcore.Appended{}, broken
		}
		return store.Store.Append(ctx, request)
	}
	if _, err := executor.Execute(t.Context(), deposit(1, "anna")); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	execute(t, executor, deposit(1, "anna"))
	if _, err := executor.Execute(t.Context(), withdraw(5, "anna")); err == nil {
		t.Fatal("withdrew what was not there")
	}
	want := []eventcore.Commit{
		{Commands: 1, Events: 1, Took: time.Second, Err: broken},
		{Commands: 1, Events: 1, Took: time.Second},
		{Commands: 1, Took: time.Second}, // the reads of a refusal
	}
	for i := range want {
		if len(told) != len(want) || told[i].Commands != want[i].Commands || told[i].Events != want[i].Events ||
			told[i].Took != want[i].Took || !errors.Is(told[i].Err, want[i].Err) {
			t.Fatalf("told of %+v, want %+v", told, want)
		}
	}
}

func TestWhoObservesCompletesTheMetadataAndLearnsTheEnd(t *testing.T) {
	var began []string
	var ended []eventcore.Receipt
	var refusals []error
	executor := newExecutor(t, newStore(), eventcore.ExecutorOptions{
		Executing: func(_ context.Context, metadata *eventcore.Metadata) func(eventcore.Receipt, error) {
			began = append(began, metadata.CommandType+" after "+metadata.TraceContext)
			metadata.TraceContext = "00-3-4-01"
			if metadata.CommandType == "Withdraw" {
				return nil // it need not hear of the end
			}
			return func(receipt eventcore.Receipt, err error) {
				ended, refusals = append(ended, receipt), append(refusals, err)
			}
		},
	})
	receipt, err := executor.Execute(t.Context(), deposit(3, "anna"),
		eventcore.WithMetadata(eventcore.Metadata{TraceContext: "00-1-2-01"}))
	if err != nil || receipt.Events[0].Metadata.TraceContext != "00-3-4-01" {
		t.Errorf("recorded %+v, %v", receipt.Events, err)
	}
	execute(t, executor, withdraw(1, "anna"))
	if len(began) != 2 || began[0] != "Deposit after 00-1-2-01" || began[1] != "Withdraw after " {
		t.Errorf("began %q", began)
	}
	if len(ended) != 1 || ended[0].Position != receipt.Position || refusals[0] != nil {
		t.Errorf("ended with %+v, %v", ended, refusals)
	}
}

func TestAnExecutorCountsWhatItFindsInMemory(t *testing.T) {
	store := newStore()
	first := newExecutor(t, store, eventcore.ExecutorOptions{})
	execute(t, first, deposit(1, "anna"))
	executor := newExecutor(t, store, eventcore.ExecutorOptions{})
	wantBalance(t, executor, "anna", 1)
	cold := executor.Stats()
	if cold.CacheMisses != 1 || cold.CacheHits != 0 || cold.CachedStreams != 1 || cold.Halted != nil {
		t.Errorf("after the first look %+v", cold)
	}
	wantBalance(t, executor, "anna", 1)
	if warm := executor.Stats(); warm.CacheMisses != 1 || warm.CacheHits != 1 {
		t.Errorf("after the second look %+v", warm)
	}
}

func TestAnExecutorSaysWhyItIsHalted(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store, eventcore.ExecutorOptions{})
	store.onAppend = func(context.Context, eventcore.AppendRequest) (eventcore.Appended, error) {
		return eventcore.Appended{}, eventcore.ErrRolledBack
	}
	if _, err := executor.Execute(t.Context(), deposit(1, "anna")); !errors.Is(err, eventcore.ErrRolledBack) {
		t.Fatal(err)
	}
	store.onAppend = func(context.Context, eventcore.AppendRequest) (eventcore.Appended, error) {
		return eventcore.Appended{}, &eventcore.ConflictError{Conflicts: []eventcore.Conflict{{Stream: "anna", Expected: 3, Actual: 1}}}
	}
	if _, err := executor.Execute(t.Context(), deposit(1, "anna")); !errors.Is(err, eventcore.ErrRolledBack) {
		t.Fatal(err)
	}
	if halted := executor.Stats().Halted; !errors.Is(halted, eventcore.ErrRolledBack) {
		t.Errorf("halted because of %v", halted)
	}
}
