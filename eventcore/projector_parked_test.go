// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
)

// withRegistry is newProjector with other types than the bank's.
func withRegistry(
	t *testing.T, store eventcore.Store, registry *eventcore.Registry, projection eventcore.Projection,
) *eventcore.Projector {
	t.Helper()
	projector, err := eventcore.NewProjector(t.Context(), store, registry, projection, eventcore.ProjectorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return projector
}

func TestAnUnknownEventIsParkedAndAppliedAfterAnUpgrade(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(9, "account-a"))
		execute(t, executor, withdraw(2, "account-a"))
		execute(t, executor, deposit(1, "account-a"))
		projection := Balances()
		projection.OnUnknown = eventcore.Park
		old := eventcore.NewRegistry(eventcore.Type[Deposited]("Deposited", 1))
		if err := withRegistry(t, store, old, projection).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := withRegistry(t, store, old, projection)
		if err := again.RetryParked(t.Context()); err != nil {
			t.Fatal(err)
		}
		upgraded := withRegistry(t, store, bank, projection)
		wantDocuments(t, upgraded, map[string]string{"account-a": `{"Balance":10}`})
		if parked := wantParked(t, upgraded, 1); !strings.Contains(parked[2], "unknown event type: Withdrawn") {
			t.Errorf("parked %v", parked)
		}
		model, err := store.ReadModel("balances")
		if err != nil {
			t.Fatal(err)
		}
		document, _, err := model.Get(t.Context(), "$eventcore/parked/00000000000000000002")
		if !strings.Contains(string(document), `"attempts":2`) || err != nil {
			t.Errorf("the read model holds %s, %v", document, err)
		}
		if err := upgraded.RetryParked(t.Context()); err != nil {
			t.Fatal(err)
		}
		last := withRegistry(t, store, bank, projection)
		wantDocuments(t, last, map[string]string{"account-a": `{"Balance":8}`})
		wantParked(t, last, 0)
		for document, err := range model.All(t.Context()) {
			if err != nil || document.Key != "account-a" {
				t.Errorf("the read model holds %s, %v", document.Key, err)
			}
		}
	})
}

func TestAnUnknownEventIsSkippedAndOneOfAnotherShapeFails(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	execute(t, executor, deposit(9, "account-a"))
	execute(t, executor, withdraw(2, "account-a"))
	projection := Balances()
	projection.OnUnknown = eventcore.Skip
	type deposited struct {
		Amount string `json:"amount"`
	}
	projector := withRegistry(t, store, eventcore.NewRegistry(eventcore.Type[Deposited]("Deposited", 1)), projection)
	if err := projector.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantDocuments(t, projector, map[string]string{"account-a": `{"Balance":9}`})
	wantParked(t, projector, 0)

	projection.Name = "another"
	projector = withRegistry(t, store, eventcore.NewRegistry(eventcore.Type[deposited]("Deposited", 1)), projection)
	err := projector.CatchUp(t.Context())
	if err == nil || errors.Is(err, eventcore.ErrUnknownType) || !strings.Contains(err.Error(), "decode event 1") {
		t.Errorf("got %v, want what is wrong with event 1", err)
	}
}

func TestWhatIsParkedIsSavedWithTheCheckpointOrNotAtAll(t *testing.T) {
	store := newModelled(t)
	executor := newExecutor(t, store)
	execute(t, executor, deposit(9, "account-a"))
	execute(t, executor, withdraw(2, "account-a"))
	projection := halfway()
	projection.OnError = eventcore.Park
	errDisk := errors.New("the disk is full")
	store.model.onUpdate = func() error { return errDisk }
	projector := newProjector(t, store, projection, eventcore.ProjectorOptions{})
	if err := projector.CatchUp(t.Context()); !errors.Is(err, errDisk) {
		t.Fatalf("got %v, want the save's error", err)
	}
	store.model.onUpdate = nil
	wantParked(t, newProjector(t, store, projection, eventcore.ProjectorOptions{}), 0)
	if err := projector.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	saved := newProjector(t, store, projection, eventcore.ProjectorOptions{})
	wantParked(t, saved, 1)
	wantDocuments(t, saved, map[string]string{"account-a": `{"Balance":9}`})
	if saved.Position() != 2 {
		t.Errorf("checkpoint %d, want 2", saved.Position())
	}
}

func TestParkedEventsThatCannotBeRead(t *testing.T) {
	store := newModelled(t)
	executor := newExecutor(t, store)
	execute(t, executor, deposit(9, "account-a"))
	const key = "$eventcore/parked/00000000000000000007"
	for value, says := range map[string]string{
		`{`:              "decode document",
		`{"position":7}`: "parked event 7 is not in the store",
	} {
		changes := []eventcore.Change{{Key: key, Value: []byte(value)}}
		if err := store.model.Update(t.Context(), 0, 0, changes); err != nil {
			t.Fatal(err)
		}
		projector := newProjector(t, store, Balances(), eventcore.ProjectorOptions{})
		if err := projector.RetryParked(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want something about %q", value, err, says)
		}
	}
}

func TestReservedKeysAreRefused(t *testing.T) {
	store := newStore()
	execute(t, newExecutor(t, store), deposit(9, "account-a"))
	greedy := eventcore.Projection{Name: "greedy", Apply: func(d *eventcore.Documents, _ *eventcore.Event) error {
		return d.Put("$eventcore/mine", 1)
	}}
	err := newProjector(t, store, greedy, eventcore.ProjectorOptions{}).CatchUp(t.Context())
	if err == nil || !strings.Contains(err.Error(), "reserved") {
		t.Errorf("got %v, want that the key is reserved", err)
	}
}
