// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

func TestViewSeesWhatASubscriberHasBeenTold(t *testing.T) {
	const appends = 1_000
	store := newStore()
	own, other := newExecutor(t, store), newExecutor(t, store)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var group sync.WaitGroup
	for _, executor := range []*eventcore.Executor{own, other} {
		group.Go(func() {
			for range appends / 2 {
				if _, err := executor.Execute(ctx, deposit(1, "anna")); err != nil {
					cancel(err)
				}
			}
		})
	}
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			t.Fatal(context.Cause(ctx))
		}
		snapshot, err := eventcore.View[Account](t.Context(), own, "anna")
		if err != nil {
			t.Fatal(err)
		}
		// The only stream: its version is the position.
		if told := batch.Through; snapshot.Head < told || snapshot.Version < eventcore.Version(told) ||
			snapshot.State.Balance != int64(snapshot.Version) {
			t.Fatalf("told of position %d, but View knows %+v", told, snapshot)
		}
		if batch.Through == appends {
			break
		}
	}
	group.Wait()
}

// A service that is woken by every event looks at its state so often that asking the database each time would cost more
// than all else.
func TestAViewOfWhatWasFollowedAsksTheStoreNothing(t *testing.T) {
	raw := newStore()
	store := &following{faulty: &faulty{Store: raw}}
	executor, other := newExecutor(t, store), newExecutor(t, raw)
	execute(t, executor, deposit(1, "anna"))
	store.asked.Store(0)
	view := func() int64 {
		snapshot, err := eventcore.View[Account](t.Context(), executor, "anna", eventcore.Followed())
		if err != nil {
			t.Fatal(err)
		}
		return snapshot.State.Balance
	}
	if got := view(); got != 1 || store.asked.Load() != 0 {
		t.Errorf("balance %d, and the store was asked %d times; want 1 and never", got, store.asked.Load())
	}
	execute(t, other, deposit(1, "anna"))
	if got := view(); got != 1 {
		t.Errorf("balance %d before the other process's event was delivered", got)
	}
	store.followed.Store(2)
	if got := view(); got != 2 || store.asked.Load() != 0 {
		t.Errorf("balance %d after it was, and the store was asked %d times", got, store.asked.Load())
	}
	wantBalance(t, executor, "anna", 2)
	if store.asked.Load() == 0 {
		t.Error("a plain View did not ask")
	}
}

// following is a store that was told of less than there is, and counts how often its head is asked for.
type following struct {
	*faulty

	asked, followed atomic.Int64
}

func (f *following) Head(ctx context.Context) (eventcore.Position, error) {
	f.asked.Add(1)
	return f.faulty.Head(ctx)
}

func (f *following) Followed() eventcore.Position { return eventcore.Position(f.followed.Load()) }

func TestViewOfAnEmptyOrInvalidStream(t *testing.T) {
	executor := newExecutor(t, newStore())
	snapshot, err := eventcore.View[Account](t.Context(), executor, "anna")
	if err != nil || snapshot.Version != 0 || snapshot.State.Balance != 0 {
		t.Errorf("got %+v, %v, want the zero state", snapshot, err)
	}
	if _, err := eventcore.View[Account](t.Context(), executor, ""); !errors.Is(err, eventcore.ErrInvalidStreamID) {
		t.Errorf("got %v, want ErrInvalidStreamID", err)
	}
}

func TestViewDoesNotWaitLongerThanItsContextForACommitThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newStore()
		store := &faulty{Store: raw}
		executor, other := newExecutor(t, store), newExecutor(t, raw)
		execute(t, executor, deposit(1, "anna"))
		gate := make(chan struct{})
		store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
			<-gate
			return raw.Append(ctx, request)
		}
		hanging := start(t.Context(), executor, deposit(1, "anna"))
		synctest.Wait()
		wantBalance(t, executor, "anna", 1) // nothing new is committed: nothing to wait for
		execute(t, other, deposit(1, "ben"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := eventcore.View[Account](ctx, executor, "anna"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		close(gate)
		if got := <-hanging; got.err != nil {
			t.Error(got.err)
		}
		wantBalance(t, executor, "anna", 2)
		wantBalance(t, executor, "ben", 1)
	})
}

func TestASlowReadOfWhatOthersWroteHoldsUpNobodyWhoIsCold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newStore()
		store := &faulty{Store: raw}
		executor, other := newExecutor(t, store), newExecutor(t, raw)
		execute(t, executor, deposit(1, "anna"))
		execute(t, other, deposit(1, "anna"))
		gate := make(chan struct{})
		store.onRead = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
			if query.After > 0 { // what others wrote
				<-gate
			}
			return raw.Read(ctx, query)
		}
		viewed := make(chan eventcore.Snapshot[Account], 1)
		go func() {
			snapshot, _ := eventcore.View[Account](t.Context(), executor, "anna")
			viewed <- snapshot
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		// The commit waits for the turn; the caller of another command hears of its deadline all the same.
		held := start(t.Context(), executor, deposit(1, "ben"))
		synctest.Wait()
		if got := <-start(ctx, executor, deposit(1, "carl")); !errors.Is(got.err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", got.err)
		}
		close(gate)
		if got := <-held; got.err != nil {
			t.Error(got.err)
		}
		if got := <-viewed; got.State.Balance != 2 {
			t.Errorf("viewed %+v, want a balance of 2", got)
		}
		wantBalance(t, executor, "carl", 0)
	})
}

func TestAStreamThatGrowsWhileItIsReadIsLoadedWithAllItsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := newStore()
		store := &faulty{Store: raw}
		execute(t, newExecutor(t, raw), deposit(1, "anna"))
		executor := newExecutor(t, store)
		gate := make(chan struct{})
		var first atomic.Bool
		store.onRead = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
			return func(yield func(eventcore.Event, error) bool) {
				for event, err := range raw.Read(ctx, query) { // the snapshot is taken here
					if first.CompareAndSwap(false, true) {
						<-gate
					}
					if !yield(event, err) {
						return
					}
				}
			}
		}
		slow := start(t.Context(), executor, deposit(0, "anna"))
		synctest.Wait()
		for range 3 { // commits to the stream, with a state of another type
			execute(t, executor, handle(func(b *eventcore.Boundary) error {
				eventcore.Load[counter](b, "anna")
				return b.Append(Deposited{Amount: 10}, "anna")
			}))
		}
		close(gate)
		if got := <-slow; got.err != nil || got.receipt.Attempts != 1 {
			t.Errorf("got %v after %d attempts, want success at once", got.err, got.receipt.Attempts)
		}
		wantBalance(t, executor, "anna", 31)
	})
}
