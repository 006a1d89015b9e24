// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

func TestLagIsTheDistanceToTheHeadAndTheAgeOfTheNextEvent(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
		clock := func() time.Time { return now }
		executor := newExecutor(t, store, eventcore.ExecutorOptions{Clock: clock})
		projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{Clock: clock})
		want := func(positions uint64, age time.Duration) {
			t.Helper()
			gotPositions, gotAge, err := projector.Lag(t.Context())
			if gotPositions != positions || gotAge != age || err != nil {
				t.Errorf("lag %d positions, %v, %v; want %d positions, %v", gotPositions, gotAge, err, positions, age)
			}
		}
		want(0, 0)
		execute(t, executor, deposit(1, "unrelated"))
		want(1, 0)
		now = now.Add(time.Minute)
		want(1, 0)
		execute(t, executor, deposit(1, "account-a"))
		now = now.Add(time.Minute)
		execute(t, executor, deposit(1, "account-a"))
		want(3, time.Minute)
		now = now.Add(-time.Hour) // a clock that was wrong
		want(3, 0)
		if err := projector.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(0, 0)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := projector.Lag(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

func TestAReaderWaitsForItsOwnWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{})
		stop := run(t, projector)
		for balance, want := range []string{`{"Balance":1}`, `{"Balance":2}`, `{"Balance":3}`} {
			receipt := execute(t, executor, deposit(1, "account-a"))
			if err := projector.WaitFor(t.Context(), receipt.Position); err != nil {
				t.Fatal(err)
			}
			wantDocuments(t, projector, map[string]string{"account-a": want})
			if err := projector.WaitFor(t.Context(), eventcore.Position(balance)); err != nil {
				t.Errorf("a position of the past: %v", err)
			}
		}
		receipt := execute(t, executor, deposit(1, "unrelated"))
		if err := projector.WaitFor(t.Context(), receipt.Position); err != nil {
			t.Errorf("an event that the filter leaves out: %v", err)
		}
		patient, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := projector.WaitFor(patient, receipt.Position+1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a position of the future: %v, want the deadline", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoeverWaitsForAProjectionThatFailsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		projector := newProjector(t, store, halfway(), eventcore.ProjectorOptions{})
		waited := make(chan error)
		go func() { waited <- projector.WaitFor(t.Context(), 2) }()
		synctest.Wait()
		execute(t, executor, deposit(9, "account-a"))
		receipt := execute(t, executor, withdraw(2, "account-a"))
		if err := projector.CatchUp(t.Context()); !errors.Is(err, errApply) {
			t.Fatal(err)
		}
		if err := <-waited; !errors.Is(err, errApply) {
			t.Errorf("got %v, want why the projection ended", err)
		}
		if err := projector.WaitFor(t.Context(), receipt.Position); !errors.Is(err, errApply) {
			t.Errorf("got %v, want why the projection ended", err)
		}
		if err := projector.WaitFor(t.Context(), 1); err != nil {
			t.Errorf("what came before: %v", err)
		}
	})
}

func TestAProjectionFindsEventsByTheirOldNames(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	execute(t, executor, deposit(9, "account-a"))
	execute(t, executor, withdraw(2, "account-a"))
	registry := eventcore.NewRegistry(
		eventcore.Type[Deposited]("PaidIn", 1), eventcore.Renamed("Deposited", "PaidIn"), eventcore.Type[Withdrawn]("PaidOut", 1))
	projection := Balances()
	projection.Filter.Types = []string{"PaidIn"}
	projector := withRegistry(t, store, registry, projection)
	if err := projector.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantDocuments(t, projector, map[string]string{"account-a": `{"Balance":9}`})
}

func TestNothingIsSavedThatBeforeSaveForbids(t *testing.T) {
	store := newModelled(t)
	execute(t, newExecutor(t, store), deposit(9, "account-a"))
	errLost := errors.New("the lease is lost")
	options := eventcore.ProjectorOptions{BeforeSave: func(context.Context) error { return errLost }}
	projector := newProjector(t, store, Balances(), options)
	if err := projector.CatchUp(t.Context()); !errors.Is(err, errLost) {
		t.Errorf("CatchUp: %v, want that the lease is lost", err)
	}
	if err := newProjector(t, store, Balances(), options).Run(t.Context()); !errors.Is(err, errLost) {
		t.Errorf("Run: %v, want that the lease is lost", err)
	}
	if updates := store.model.count(); updates != 0 {
		t.Errorf("%d updates, want none", updates)
	}
}

func TestCatchingUpSavesOnTheWay(t *testing.T) {
	store := newModelled(t)
	deposited, err := bank.Encode(Deposited{Amount: 1})
	if err != nil {
		t.Fatal(err)
	}
	deposited.Streams = []eventcore.Membership{{Stream: "account-a"}}
	for range 21 {
		request := eventcore.AppendRequest{}
		for range 1_000 {
			request.Events = append(request.Events, deposited)
		}
		if _, err := store.Append(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{})
	if err := projector.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantDocuments(t, projector, map[string]string{"account-a": `{"Balance":21000}`})
	if updates := store.model.count(); updates != 3 {
		t.Errorf("%d updates, want 3: after 10,000 events, 20,000 and all", updates)
	}
}

func TestACatchUpThatIsInterruptedTakesNothingForApplied(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		fillWithDeposits(t, store, 3_000)
		for _, after := range []int{1, 255, 256, 257, 1_500, 2_999} {
			ctx, cancel := context.WithCancel(t.Context())
			applied := 0
			projection := tally(&applied)
			count := projection.Apply
			projection.Name = fmt.Sprint("interrupted after ", after)
			projection.Apply = func(documents *eventcore.Documents, event *eventcore.Event) error {
				if applied+1 == after {
					cancel()
				}
				return count(documents, event)
			}
			projector := newProjector(t, store, projection, eventcore.ProjectorOptions{})
			if err := projector.CatchUp(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("after %d: got %v, want the context's error", after, err)
			}
			if int(projector.Position()) != applied {
				t.Errorf("after %d: position %d with %d events applied", after, projector.Position(), applied)
			}
			if err := projector.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantDocuments(t, projector, map[string]string{"all": "3000"})
		}
	})
}
