// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

func TestDecisionsOfOneExecutorNeverConflict(t *testing.T) {
	const callers, deposits = 64, 100
	executor := newExecutor(t, newStore())
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range deposits {
				receipt, err := executor.Execute(t.Context(), deposit(1, "hot"))
				if err != nil || receipt.Attempts != 1 {
					t.Errorf("attempts %d, error %v: want 1 and none", receipt.Attempts, err)
					return
				}
			}
		})
	}
	group.Wait()
	snapshot, err := eventcore.View[Account](t.Context(), executor, "hot")
	if err != nil {
		t.Fatal(err)
	}
	if snapshot.State.Balance != callers*deposits || snapshot.Version != callers*deposits {
		t.Errorf("balance %d at version %d, want both %d", snapshot.State.Balance, snapshot.Version, callers*deposits)
	}
}

func TestLaterCommandsOfABatchSeeWhatEarlierOnesAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(10, "anna"))
		execute(t, executor, deposit(0, "ben"))
		release := hold(store)
		first := start(t.Context(), executor, deposit(0, "ben"))
		synctest.Wait()
		store.appends.Store(0)
		withdrawals := []<-chan outcome{}
		for range 3 {
			withdrawals = append(withdrawals, start(t.Context(), executor, withdraw(6, "anna")))
			synctest.Wait()
		}
		look := start(t.Context(), executor, handle(func(b *eventcore.Boundary) error {
			if has := eventcore.Load[Account](b, "anna").Balance; has != 4 {
				return fmt.Errorf("anna has %d, want 4", has)
			}
			return nil
		}))
		synctest.Wait()
		release()
		<-first
		succeeded := <-withdrawals[0]
		if succeeded.err != nil {
			t.Fatal(succeeded.err)
		}
		for _, done := range withdrawals[1:] {
			if refused := <-done; !errors.Is(refused.err, errInsufficientFunds) || refused.receipt.Attempts != 1 {
				t.Errorf("got %v after %d attempts, want a refusal after 1", refused.err, refused.receipt.Attempts)
			}
		}
		if appends := store.appends.Load(); appends != 1 {
			t.Errorf("%d appends, want 1 for the batch", appends)
		}
		looked := <-look
		if looked.err != nil || looked.receipt.Position < succeeded.receipt.Position || looked.receipt.Events != nil {
			t.Errorf("the no-op saw position %d and tells %d, %v",
				succeeded.receipt.Position, looked.receipt.Position, looked.err)
		}
		wantBalance(t, executor, "anna", 4)
	})
}

func TestEventsCarryMetadataTimeAndIDs(t *testing.T) {
	now := time.Date(2031, 5, 17, 10, 20, 30, 123_456_789, time.FixedZone("east", 3600))
	executor := newExecutor(t, newStore(), eventcore.ExecutorOptions{
		Clock:  func() time.Time { return now },
		Random: bytes.NewReader(bytes.Repeat([]byte{0xff}, 1024)),
	})
	metadata := eventcore.Metadata{
		CommandType: "overwritten", CorrelationID: "order-7", Causation: 41, Actor: "till 3", TraceContext: "00-1-2-01",
	}
	receipt, err := executor.Execute(t.Context(), deposit(1, "anna"), eventcore.WithMetadata(metadata))
	if err != nil {
		t.Fatal(err)
	}
	event := receipt.Events[0]
	metadata.CommandType = "Deposit"
	if event.Metadata != metadata {
		t.Errorf("metadata %+v, want %+v", event.Metadata, metadata)
	}
	if want := now.UTC().Truncate(time.Microsecond); event.RecordedAt != want {
		t.Errorf("recorded at %v, want %v", event.RecordedAt, want)
	}
	if event.ID.Version() != 7 || event.ID.Variant() != uuid.RFC4122 {
		t.Errorf("id %v has version %d and variant %v", event.ID, event.ID.Version(), event.ID.Variant())
	}
	if want := fmt.Sprintf("%012x", now.UnixMilli()); want != event.ID.String()[:8]+event.ID.String()[9:13] {
		t.Errorf("id %v does not begin with the milliseconds %s", event.ID, want)
	}
	named, err := executor.Execute(t.Context(), namedCommand{deposit(1, "anna")})
	if err != nil || named.Events[0].Metadata.CommandType != "TopUp" {
		t.Errorf("got %+v, %v, want the name that the command gives itself", named.Events, err)
	}
	pointer := deposit(1, "anna")
	if got := execute(t, executor, &pointer).Events[0].Metadata.CommandType; got != "Deposit" {
		t.Errorf("command type %q of a pointer, want Deposit", got)
	}
}

type namedCommand struct{ eventcore.Command }

func (namedCommand) CommandName() string { return "TopUp" }

func TestACallerWhoGivesUpBeforeTheLoopTakesTheCommandAppendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(10, "anna"))
		release := hold(store)
		taken := start(t.Context(), executor, deposit(1, "anna"))
		synctest.Wait()
		deadline, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		waiting := start(deadline, executor, deposit(1_000, "anna"))
		if got := <-waiting; !errors.Is(got.err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", got.err)
		}
		release()
		if got := <-taken; got.err != nil {
			t.Error(got.err)
		}
		wantBalance(t, executor, "anna", 11)
	})
}

func TestACallerWhoGivesUpLaterHearsWhatBecameOfTheCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		release := hold(store)
		ctx, cancel := context.WithCancel(t.Context())
		taken := start(ctx, executor, deposit(1, "anna"))
		synctest.Wait()
		cancel()
		synctest.Wait()
		release()
		if got := <-taken; got.err != nil || len(got.receipt.Events) != 1 {
			t.Errorf("got %+v, want the receipt of what is committed", got)
		}
	})
}

func TestAnEndedContextExecutesNothing(t *testing.T) {
	executor := newExecutor(t, newStore())
	execute(t, executor, deposit(1, "anna"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // whatever a select would choose
		if _, err := executor.Execute(ctx, deposit(1, "anna")); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
	}
	wantBalance(t, executor, "anna", 1)
}

func TestCloseAnswersThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store, eventcore.ExecutorOptions{QueueLength: 4})
		execute(t, executor, deposit(10, "anna"))
		release := hold(store)
		taken := start(t.Context(), executor, deposit(1, "anna"))
		synctest.Wait()
		waiting := []<-chan outcome{} // in the queue, and for a place in it
		for range 10 {
			waiting = append(waiting, start(t.Context(), executor, deposit(1_000, "anna")))
		}
		synctest.Wait()
		closed := make(chan struct{})
		go func() {
			executor.Close()
			close(closed)
		}()
		synctest.Wait()
		release()
		<-closed
		if got := <-taken; got.err != nil {
			t.Errorf("the command that was being committed: %v", got.err)
		}
		answered := int64(0)
		for _, done := range waiting {
			// The loop may take some that are waiting before it sees that it shall end.
			if got := <-done; got.err == nil {
				answered++
			} else if !errors.Is(got.err, eventcore.ErrClosed) {
				t.Errorf("got %v, want ErrClosed", got.err)
			}
		}
		if _, err := executor.Execute(t.Context(), deposit(1, "anna")); !errors.Is(err, eventcore.ErrClosed) {
			t.Errorf("after Close: %v, want ErrClosed", err)
		}
		wantBalance(t, executor, "anna", 11+1_000*answered)
	})
}

func TestCommandsThatTogetherExceedTheLimitsAreSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := eventcore.Limits{Memberships: 4, Bytes: 1 << 10}
		store := &faulty{Store: memory.New(memory.Options{Limits: limits})}
		executor := newExecutor(t, store)
		execute(t, executor, deposit(10_000, "anna"))
		execute(t, executor, deposit(0, "ben"))
		release := hold(store)
		first := start(t.Context(), executor, deposit(0, "ben"))
		synctest.Wait()
		store.appends.Store(0)
		transfers := []<-chan outcome{}
		for range 151 {
			transfers = append(transfers, start(t.Context(), executor, Transfer{From: "anna", To: "ben", Amount: 7}))
		}
		synctest.Wait()
		release()
		<-first
		for _, done := range transfers {
			if got := <-done; got.err != nil || got.receipt.Attempts != 1 {
				t.Errorf("got %v after %d attempts", got.err, got.receipt.Attempts)
			}
		}
		if appends := store.appends.Load(); appends != 76 {
			t.Errorf("%d appends of 151 transfers, want 76: two fit into one", appends)
		}
		wantBalance(t, executor, "ben", 151*7)
	})
}

func TestABatchThatTheStoreFindsTooLargeIsSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		gate := make(chan struct{})
		store.onAppend = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
			<-gate
			if len(request.Guards) > 3 {
				return eventcore.Appended{}, eventcore.ErrTooLarge
			}
			return store.Store.Append(ctx, request)
		}
		waiting := []<-chan outcome{start(t.Context(), executor, deposit(1, "first"))}
		synctest.Wait()
		for i := range 20 {
			waiting = append(waiting, start(t.Context(), executor, deposit(1, account(i))))
		}
		waiting = append(waiting, start(t.Context(), executor, Transfer{From: "x", To: "y"}))
		synctest.Wait()
		close(gate)
		for _, done := range waiting {
			if got := <-done; got.err != nil {
				t.Error(got.err)
			}
		}
		_, err := executor.Execute(t.Context(), handle(func(b *eventcore.Boundary) error {
			for i := range 4 {
				eventcore.Load[Account](b, account(i))
			}
			return nil
		}))
		if !errors.Is(err, eventcore.ErrTooLarge) {
			t.Errorf("alone: got %v, want ErrTooLarge", err)
		}
	})
}

func TestOneCommandAboveTheLimitsIsTooLarge(t *testing.T) {
	store := &faulty{Store: memory.New(memory.Options{Limits: eventcore.Limits{Memberships: 4, Bytes: 1 << 10}})}
	executor := newExecutor(t, store)
	_, err := executor.Execute(t.Context(), handle(func(b *eventcore.Boundary) error {
		eventcore.Load[Account](b, "anna")
		for range 5 {
			if err := b.Append(Deposited{Amount: 1}, "anna"); err != nil {
				return err
			}
		}
		return nil
	}))
	if !errors.Is(err, eventcore.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	wantBalance(t, executor, "anna", 0)
	if events := storedEvents(t, store); len(events) != 0 {
		t.Errorf("%d events were written", len(events))
	}
}

func TestAnExecutorOnAnInvalidAppendOnlyStreamOrABrokenStoreIsRefused(t *testing.T) {
	options := eventcore.ExecutorOptions{AppendOnly: []eventcore.StreamID{"all*"}}
	_, err := eventcore.NewExecutor(t.Context(), newStore(), bank, options)
	if !errors.Is(err, eventcore.ErrInvalidStreamID) {
		t.Errorf("got %v, want ErrInvalidStreamID", err)
	}
	store := newStore()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = eventcore.NewExecutor(t.Context(), store, bank, eventcore.ExecutorOptions{})
	if !errors.Is(err, eventcore.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}
