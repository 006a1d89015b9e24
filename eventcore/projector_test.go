// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// observedModel is a read model with hooks.
type observedModel struct {
	eventcore.ReadModel
	mu       sync.Mutex
	updates  [][]eventcore.Change
	onUpdate func() error
	onAll    func()
}

func (m *observedModel) Update(
	ctx context.Context, from, to eventcore.Position, changes []eventcore.Change,
) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.onUpdate != nil {
		if err := m.onUpdate(); err != nil {
			return err
		}
	}
	m.updates = append(m.updates, changes)
	return m.ReadModel.Update(ctx, from, to, changes)
}

func (m *observedModel) All(ctx context.Context) iter.Seq2[eventcore.Document, error] {
	if m.onAll != nil {
		m.onAll()
	}
	return m.ReadModel.All(ctx)
}

func (m *observedModel) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.updates)
}

// modelled is a store whose read models are observed.
type modelled struct {
	*faulty
	model *observedModel
}

func (s *modelled) ReadModel(string) (eventcore.ReadModel, error) { return s.model, nil }

func newModelled(t *testing.T) *modelled {
	t.Helper()
	store := newStore()
	model, err := store.ReadModel("balances")
	if err != nil {
		t.Fatal(err)
	}
	return &modelled{faulty: store, model: &observedModel{ReadModel: model}}
}

func newProjector(
	t *testing.T, store eventcore.Store, projection eventcore.Projection, options eventcore.ProjectorOptions,
) *eventcore.Projector {
	t.Helper()
	projector, err := eventcore.NewProjector(t.Context(), store, bank, projection, options)
	if err != nil {
		t.Fatal(err)
	}
	return projector
}

func wantDocuments(t *testing.T, projector *eventcore.Projector, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for key, value := range projector.Documents() {
		got[key] = string(value)
	}
	if !maps.Equal(got, want) {
		t.Errorf("documents %v, want %v", got, want)
	}
}

// run runs the projector in its own goroutine. stop ends it and returns what Run returned.
func run(t *testing.T, projector *eventcore.Projector) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- projector.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// tally counts the events that it is given, in the document "all".
func tally(applied *int) eventcore.Projection {
	return eventcore.Projection{Name: "balances", Apply: func(documents *eventcore.Documents, _ *eventcore.Event) error {
		*applied++
		count := 0
		if _, err := documents.Get("all", &count); err != nil {
			return err
		}
		return documents.Put("all", count+1)
	}}
}

func TestAProjectorCatchesUp(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	execute(t, executor, deposit(7, "other"))
	execute(t, executor, deposit(100, "account-a"))
	execute(t, executor, Transfer{From: "account-a", To: "account-b", Amount: 30})
	projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{})
	if err := projector.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantDocuments(t, projector, map[string]string{"account-a": `{"Balance":70}`, "account-b": `{"Balance":30}`})
	if projector.Position() != 3 {
		t.Errorf("position %d, want 3", projector.Position())
	}
	model, _ := store.ReadModel("balances")
	value, found, err := model.Get(t.Context(), "account-b")
	if string(value) != `{"Balance":30}` || !found || err != nil {
		t.Errorf("saved %s, %v, %v", value, found, err)
	}
}

// behind is a store to which more is committed while it is read than its head was when it was asked for that.
type behind struct{ *faulty }

func (b behind) Head(ctx context.Context) (eventcore.Position, error) {
	head, err := b.faulty.Head(ctx)
	return head - 1, err
}

// What comes after the head is Run's: before it, nobody has said that the store has come so far.
func TestAProjectorCatchesUpWithTheHeadOfThatMomentOnly(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	for range 3 {
		execute(t, executor, deposit(7, "anna"))
	}
	applied := 0
	projector := newProjector(t, behind{store}, tally(&applied), eventcore.ProjectorOptions{})
	if err := projector.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if applied != 2 || projector.Position() != 2 {
		t.Errorf("%d events applied, up to position %d, want 2", applied, projector.Position())
	}
}

func TestAProjectorFollowsAndSavesWhenItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, every := range map[string]time.Duration{"after every batch": 0, "at intervals": time.Second} {
			store := newModelled(t)
			executor := newExecutor(t, store)
			batches := 0
			projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{
				SaveEvery: every,
				Observe:   func(eventcore.Batch) { batches++ },
			})
			stop := run(t, projector)
			for range 3 {
				execute(t, executor, deposit(1, "account-a"))
				synctest.Wait()
			}
			wantDocuments(t, projector, map[string]string{"account-a": `{"Balance":3}`})
			execute(t, executor, deposit(1, "unrelated"))
			synctest.Wait()
			if err := stop(); err != nil {
				t.Errorf("%s: Run returned %v, want nil", name, err)
			}
			if batches < 3 {
				t.Errorf("%s: observed %d batches", name, batches)
			}
			if checkpoint, _ := store.model.Checkpoint(t.Context()); checkpoint != 4 {
				t.Errorf("%s: checkpoint %d, want 4", name, checkpoint)
			}
		}
	})
}

func TestDocumentsThatComeAndGoBetweenSavesCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newModelled(t)
		executor := newExecutor(t, store)
		positive := eventcore.Projection{Name: "balances", Apply: func(d *eventcore.Documents, e *eventcore.Event) error {
			if _, gone := e.Payload.(Withdrawn); gone {
				d.Delete(string(e.Streams[0].Stream))
				return nil
			}
			return d.Put(string(e.Streams[0].Stream), true)
		}}
		projector := newProjector(t, store, positive, eventcore.ProjectorOptions{SaveEvery: time.Second})
		stop := run(t, projector)
		execute(t, executor, deposit(1, "kept"))
		execute(t, executor, deposit(1, "deleted later"))
		execute(t, executor, deposit(1, "gone at once"))
		execute(t, executor, withdraw(1, "gone at once"))
		time.Sleep(1500 * time.Millisecond) // of the bubble's clock
		execute(t, executor, withdraw(1, "deleted later"))
		execute(t, executor, deposit(1, "gone at once"))
		execute(t, executor, withdraw(1, "gone at once"))
		time.Sleep(time.Second)
		time.Sleep(time.Hour) // idle
		if err := stop(); err != nil {
			t.Error(err)
		}
		if len(store.model.updates) != 2 {
			t.Fatalf("%d updates, want 2", len(store.model.updates))
		}
		first, second := store.model.updates[0], store.model.updates[1]
		if len(first) != 2 || first[0].Key != "deleted later" || first[1].Key != "kept" {
			t.Errorf("first save %+v, want what is there", first)
		}
		if len(second) != 1 || second[0].Key != "deleted later" || second[0].Value != nil {
			t.Errorf("second save %+v, want one deletion", second)
		}
	})
}

func TestARestartedProjectorGoesOnFromItsCheckpoint(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	applied := 0
	for run := 1; run <= 3; run++ {
		for range 5 {
			execute(t, executor, deposit(1, "account-a"))
		}
		projector := newProjector(t, store, tally(&applied), eventcore.ProjectorOptions{})
		if err := projector.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if applied != 5*run {
			t.Errorf("%d events were applied in run %d, want %d", applied, run, 5*run)
		}
	}
}

func TestACrashBeforeASaveAppliesTheEventsAgainToWhatWasSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		applied := 0
		execute(t, executor, deposit(1, "account-a"))
		crashed := newProjector(t, store, tally(&applied), eventcore.ProjectorOptions{SaveEvery: time.Hour})
		if err := crashed.CatchUp(t.Context()); err != nil { // saved
			t.Fatal(err)
		}
		stop := run(t, crashed)
		execute(t, executor, deposit(1, "account-a"))
		synctest.Wait()
		wantDocuments(t, crashed, map[string]string{"all": "2"})

		projector := newProjector(t, store, tally(&applied), eventcore.ProjectorOptions{})
		wantDocuments(t, projector, map[string]string{"all": "1"})
		if err := projector.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantDocuments(t, projector, map[string]string{"all": "2"})
		if applied != 3 {
			t.Errorf("applied %d times, want 3: the second event twice", applied)
		}
		// The one that was believed dead is told when it comes to save.
		if err := stop(); !errors.Is(err, eventcore.ErrCheckpointMoved) {
			t.Errorf("got %v, want ErrCheckpointMoved", err)
		}
	})
}

func TestTheSecondOfTwoProjectorsIsToldThatTheCheckpointMoved(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	applied := 0
	one := newProjector(t, store, tally(&applied), eventcore.ProjectorOptions{})
	two := newProjector(t, store, tally(&applied), eventcore.ProjectorOptions{})
	execute(t, executor, deposit(1, "account-a"))
	if err := one.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := two.CatchUp(t.Context())
	if !errors.Is(err, eventcore.ErrCheckpointMoved) || !strings.Contains(err.Error(), "balances") {
		t.Errorf("got %v, want ErrCheckpointMoved of balances", err)
	}
	execute(t, executor, deposit(1, "account-a"))
	if err := one.CatchUp(t.Context()); err != nil {
		t.Errorf("the first: %v", err)
	}
	wantDocuments(t, newProjector(t, store, tally(&applied), eventcore.ProjectorOptions{}), map[string]string{"all": "2"})
}
