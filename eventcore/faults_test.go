// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

func TestWhateverGoesWrongEveryAnswerIsTrue(t *testing.T) {
	for name, test := range map[string]struct {
		world   world
		answers []string
	}{
		"a store that resolves unknown outcomes":   {world{faults: everything}, []string{"done", "refused", "unknown", "failed"}},
		"a store that does not":                    {world{faults: unresolved}, []string{"done", "refused", "unknown", "failed"}},
		"callers who insist, under a command's id": {world{faults: everything, insisting: true}, []string{"done", "refused"}},
	} {
		t.Run(name, func(t *testing.T) { everyAnswerIsTrue(t, test.world, test.answers) })
	}
}

// everyAnswerIsTrue says so, and that answers of these kinds were given, and no others.
func everyAnswerIsTrue(t *testing.T, w world, kinds []string) {
	t.Helper()
	seeds := uint64(30)
	if testing.Short() {
		seeds = 10
	}
	met, answers := map[storetest.Fault]int{}, map[string]int{}
	for seed := range seeds {
		book, log, injected := play(t, seed, w)
		for promise, violations := range book.audit(log) {
			t.Errorf("seed %d: %s, but %d times it is not: %s", seed, promise, len(violations), violations[0])
		}
		for fault, count := range injected {
			met[fault] += count
		}
		for _, entry := range book.entries {
			answers[kindOf(entry.err)]++
		}
	}
	for fault := storetest.NoFault; fault <= storetest.CrashAfter; fault++ {
		if met[fault] == 0 {
			t.Errorf("fault %d never came about", fault)
		}
	}
	if given := slices.Sorted(maps.Keys(answers)); !slices.Equal(given, slices.Sorted(slices.Values(kinds))) {
		t.Errorf("the answers were %v, want some of each of %v", answers, kinds)
	}
	t.Logf("faults %v, answers %v", met, answers)
}

func kindOf(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, errInsufficientFunds):
		return "refused"
	case errors.Is(err, eventcore.ErrOutcomeUnknown):
		return "unknown"
	default:
		return "failed"
	}
}

func TestTheFirstConflictsAreDecidedAgain(t *testing.T) {
	for conflicts := range 5 {
		first := make([]storetest.Fault, conflicts)
		for i := range first {
			first[i] = storetest.SpuriousConflict
		}
		faults := storetest.NewFaults(memory.New(memory.Options{}), storetest.FaultOptions{First: first})
		executor := newExecutor(t, faults)
		if receipt := execute(t, executor, deposit(1, "anna")); receipt.Attempts != conflicts+1 {
			t.Errorf("%d attempts after %d conflicts", receipt.Attempts, conflicts)
		}
		wantBalance(t, executor, "anna", 1)
	}
}

func TestAProjectionIsCompleteWhateverGoesWrong(t *testing.T) {
	store := memory.New(memory.Options{})
	executor := newExecutor(t, store)
	for i := range 300 {
		execute(t, executor, deposit(int64(i), account(i%7)))
	}
	failures := 0
	for seed := uint64(0); ; seed++ {
		faults := storetest.NewFaults(store, storetest.FaultOptions{Seed: seed, Reads: 0.2, Checkpoints: 0.9})
		err := catchUp(t.Context(), faults)
		if err == nil {
			break
		}
		if failures++; !errors.Is(err, storetest.ErrInjected) || failures == 1_000 {
			t.Fatalf("after %d failures: %v", failures, err)
		}
	}
	model, err := store.ReadModel("sums")
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := model.Checkpoint(t.Context())
	if err != nil || checkpoint != 300 {
		t.Errorf("the checkpoint is %d, %v; want 300", checkpoint, err)
	}
	if sum, _, err := model.Get(t.Context(), "sum"); err != nil || string(sum) != "44850" {
		t.Errorf("the sum is %s, %v; want 44850", sum, err)
	}
	if failures == 0 {
		t.Error("nothing went wrong")
	}
}

// catchUp runs a projection that adds up all deposits, in pieces, until it has caught up or something goes wrong.
func catchUp(ctx context.Context, store eventcore.Store) error {
	sums := eventcore.Projection{Name: "sums", Apply: func(documents *eventcore.Documents, event *eventcore.Event) error {
		sum := int64(0)
		if _, err := documents.Get("sum", &sum); err != nil {
			return err
		}
		return documents.Put("sum", sum+event.Payload.(Deposited).Amount)
	}}
	projector, err := eventcore.NewProjector(ctx, store, bank, sums, eventcore.ProjectorOptions{})
	if err != nil {
		return err
	}
	return projector.CatchUp(ctx)
}
