// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

var errApply = errors.New("cannot apply a withdrawal")

// halfway fails in the middle of a withdrawal.
func halfway() eventcore.Projection {
	balances := Balances()
	apply := balances.Apply
	balances.Apply = func(documents *eventcore.Documents, event *eventcore.Event) error {
		if err := apply(documents, event); err != nil {
			return err
		}
		if event.Type == "Withdrawn" {
			return errApply
		}
		return nil
	}
	return balances
}

func TestAnErrorInApplyStopsTheProjectionAndSavesNoHalfOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, every := range []time.Duration{0, time.Second} {
			store := newModelled(t)
			executor := newExecutor(t, store)
			execute(t, executor, deposit(9, "account-a"))
			execute(t, executor, withdraw(2, "account-a"))
			projector := newProjector(t, store, halfway(), eventcore.ProjectorOptions{SaveEvery: every})
			err := projector.Run(t.Context())
			if !errors.Is(err, errApply) {
				t.Fatalf("got %v, want the error of Apply", err)
			}
			for _, part := range []string{"balances", "event 2", "Withdrawn"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not name %s", err, part)
				}
			}
			for name, again := range map[string]func(context.Context) error{
				"Save": projector.Save, "CatchUp": projector.CatchUp, "Run": projector.Run,
			} {
				if err := again(t.Context()); !errors.Is(err, errApply) {
					t.Errorf("%s after it: got %v, want the error of Apply", name, err)
				}
			}
			mended := newProjector(t, store, Balances(), eventcore.ProjectorOptions{})
			if err := mended.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantDocuments(t, mended, map[string]string{"account-a": `{"Balance":7}`})
		}
	})
}

func TestAnEventOfAnUnknownTypeStopsTheProjection(t *testing.T) {
	store := newStore()
	execute(t, newExecutor(t, store), deposit(9, "account-a"))
	registry := eventcore.NewRegistry(eventcore.Type[Withdrawn]("Withdrawn", 1))
	projector, err := eventcore.NewProjector(t.Context(), store, registry, Balances(), eventcore.ProjectorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := projector.CatchUp(t.Context()); !errors.Is(err, eventcore.ErrUnknownType) {
		t.Errorf("got %v, want ErrUnknownType", err)
	}
}

func TestASaveThatFailsEndsRunPromptly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, every := range []time.Duration{0, time.Minute} {
			store := newModelled(t)
			executor := newExecutor(t, store)
			errDisk := errors.New("the disk is full")
			store.model.onUpdate = func() error { return errDisk }
			projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{SaveEvery: every})
			began := time.Now()
			execute(t, executor, deposit(9, "account-a")) // and nothing more is ever committed
			if err := projector.Run(t.Context()); !errors.Is(err, errDisk) {
				t.Errorf("got %v, want the save's error", err)
			}
			if took := time.Since(began); took > every {
				t.Errorf("Run ended after %v, want %v", took, every)
			}
			store.model.onUpdate = nil
			if err := projector.Save(t.Context()); err != nil {
				t.Errorf("the save again: %v", err)
			}
			wantDocuments(t, newProjector(t, store, Balances(), eventcore.ProjectorOptions{}),
				map[string]string{"account-a": `{"Balance":9}`})
		}
	})
}

func TestTheLastSaveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newModelled(t)
		executor := newExecutor(t, store)
		errDisk := errors.New("the disk is full")
		store.model.onUpdate = func() error { return errDisk }
		stop := run(t, newProjector(t, store, Balances(), eventcore.ProjectorOptions{SaveEvery: time.Hour}))
		execute(t, executor, deposit(9, "account-a"))
		synctest.Wait()
		if err := stop(); !errors.Is(err, errDisk) {
			t.Errorf("got %v, want the save's error", err)
		}
	})
}

func TestReadersOfTheDocumentsDoNotWaitForASave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newModelled(t)
		executor := newExecutor(t, store)
		gate := make(chan struct{})
		store.model.onUpdate = func() error {
			<-gate
			return nil
		}
		projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{SaveEvery: time.Second})
		stop := run(t, projector)
		execute(t, executor, deposit(1, "account-a"))
		time.Sleep(2 * time.Second) // of the bubble's clock: a save has begun
		execute(t, executor, deposit(1, "account-a"))
		synctest.Wait()
		wantDocuments(t, projector, map[string]string{"account-a": `{"Balance":2}`})
		close(gate)
		if err := stop(); err != nil {
			t.Error(err)
		}
		wantDocuments(t, newProjector(t, store, Balances(), eventcore.ProjectorOptions{}),
			map[string]string{"account-a": `{"Balance":2}`})
	})
}

func TestAnIdleProjectionMovesItsCheckpointOnlyWhenItIsFarBehind(t *testing.T) {
	store := newModelled(t)
	silent := eventcore.Projection{
		Name:   "balances",
		Filter: eventcore.Filter{Types: []string{"Withdrawn"}},
		Apply:  func(*eventcore.Documents, *eventcore.Event) error { return nil },
	}
	projector := newProjector(t, store, silent, eventcore.ProjectorOptions{})
	grow := func(events int) {
		t.Helper()
		deposited, err := bank.Encode(Deposited{Amount: 1})
		if err != nil {
			t.Fatal(err)
		}
		deposited.Streams = []eventcore.Membership{{Stream: "account-a"}}
		for ; events > 0; events -= 1_000 {
			request := eventcore.AppendRequest{}
			for range min(events, 1_000) {
				request.Events = append(request.Events, deposited)
			}
			if _, err := store.Append(t.Context(), request); err != nil {
				t.Fatal(err)
			}
		}
		if err := projector.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	grow(9_999)
	if updates := store.model.count(); updates != 0 {
		t.Errorf("%d updates of a projection without changes, want none", updates)
	}
	grow(1)
	if checkpoint, _ := store.model.Checkpoint(t.Context()); checkpoint != 10_000 || store.model.count() != 1 {
		t.Errorf("checkpoint %d after %d updates, want 10000 after 1", checkpoint, store.model.count())
	}
}

func TestAReadModelThatIsBeingWrittenIsReadAgain(t *testing.T) {
	store := newModelled(t)
	executor := newExecutor(t, store)
	applied := 0
	writer := newProjector(t, store, tally(&applied), eventcore.ProjectorOptions{})
	writes := 1
	store.model.onAll = func() {
		if writes > 0 {
			writes--
			execute(t, executor, deposit(1, "account-a"))
			if err := writer.CatchUp(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	projector := newProjector(t, store, tally(&applied), eventcore.ProjectorOptions{})
	if projector.Position() != 1 {
		t.Errorf("position %d, want 1", projector.Position())
	}
	writes = 100
	_, err := eventcore.NewProjector(t.Context(), store, bank, tally(&applied), eventcore.ProjectorOptions{})
	if !errors.Is(err, eventcore.ErrCheckpointMoved) {
		t.Errorf("got %v, want ErrCheckpointMoved: the writer does not end", err)
	}
}

// ended is a store whose subscriptions end without a reason.
type ended struct{ eventcore.Store }

func (ended) Subscribe(context.Context, eventcore.Position, eventcore.Filter) iter.Seq2[eventcore.Batch, error] {
	return func(func(eventcore.Batch, error) bool) {}
}

func TestAProjectorWithoutItsStoreEndsWithAnError(t *testing.T) {
	store := newStore()
	if err := newProjector(t, ended{store}, Balances(), eventcore.ProjectorOptions{}).Run(t.Context()); err == nil {
		t.Error("a subscription that ends is no error")
	}
	projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{})
	errDisk := errors.New("the disk is broken")
	store.onRead = func(context.Context, eventcore.Query) iter.Seq2[eventcore.Event, error] { return failedRead(errDisk) }
	if err := projector.CatchUp(t.Context()); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want the read's error", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := projector.Run(t.Context()); !errors.Is(err, eventcore.ErrClosed) {
		t.Errorf("Run: got %v, want ErrClosed", err)
	}
	if err := projector.CatchUp(t.Context()); !errors.Is(err, eventcore.ErrClosed) {
		t.Errorf("CatchUp: got %v, want ErrClosed", err)
	}
	if _, err := eventcore.NewProjector(t.Context(), store, bank, Balances(), eventcore.ProjectorOptions{}); err == nil {
		t.Error("a projector of a closed store was made")
	}
}

func TestDocumentsThatCannotBeEncodedOrDecoded(t *testing.T) {
	store := newStore()
	execute(t, newExecutor(t, store), deposit(9, "account-a"))
	for name, apply := range map[string]func(documents *eventcore.Documents, event *eventcore.Event) error{
		"encode document key": func(d *eventcore.Documents, _ *eventcore.Event) error { return d.Put("key", func() {}) },
		"decode document key": func(d *eventcore.Documents, _ *eventcore.Event) error {
			var number int
			_ = d.Put("key", "text")
			_, err := d.Get("key", &number)
			return err
		},
	} {
		projector := newProjector(t, store, eventcore.Projection{Name: "broken", Apply: apply}, eventcore.ProjectorOptions{})
		if err := projector.CatchUp(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}
