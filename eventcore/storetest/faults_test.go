// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

func newFaults(options FaultOptions) (*Faults, *memory.Store) {
	store := memory.New(memory.Options{})
	return NewFaults(store, options), store
}

func TestWithoutFaultsTheStoreKeepsTheContract(t *testing.T) {
	Run(t, func(*testing.T) eventcore.Store {
		faults, _ := newFaults(FaultOptions{})
		return faults
	})
}

func TestEachFaultDoesWhatItSays(t *testing.T) {
	tests := map[string]struct {
		fault   Fault
		is      []error
		isNot   []error
		written int
	}{
		"no fault":            {NoFault, []error{nil}, nil, 1},
		"a spurious conflict": {SpuriousConflict, []error{eventcore.ErrConflict}, nil, 0},
		"a failure":           {Failure, []error{ErrInjected}, []error{eventcore.ErrOutcomeUnknown}, 0},
		"a lost reply":        {LostReply, []error{ErrReplyLost, eventcore.ErrOutcomeUnknown}, nil, 1},
		"a late append":       {LateAppend, []error{ErrReplyLost, eventcore.ErrOutcomeUnknown}, nil, 0},
		"a crash before":      {CrashBefore, []error{ErrCrashed, eventcore.ErrOutcomeUnknown}, nil, 0},
		"a crash after":       {CrashAfter, []error{ErrCrashed, eventcore.ErrOutcomeUnknown}, nil, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			faults, store := newFaults(FaultOptions{First: []Fault{test.fault}})
			_, err := try(t.Context(), faults, nil, event("a"))
			for _, want := range test.is {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			}
			for _, other := range test.isNot {
				if errors.Is(err, other) {
					t.Errorf("got %v, which must not be %v", err, other)
				}
			}
			if count := len(read(t, store, eventcore.Query{})); count != test.written {
				t.Errorf("%d events are written, want %d", count, test.written)
			}
			if faults.Injected(test.fault) != 1 {
				t.Error("the fault is not counted")
			}
		})
	}
}

func TestTheFirstAppendsMeetTheFaultsGiven(t *testing.T) {
	faults, _ := newFaults(FaultOptions{First: slices.Repeat([]Fault{SpuriousConflict}, 3)})
	for number := range 5 {
		if _, err := try(t.Context(), faults, nil, event("a")); errors.Is(err, eventcore.ErrConflict) != (number < 3) {
			t.Errorf("append %d: %v", number, err)
		}
	}
}

func TestTheSameSeedMeetsTheSameFaults(t *testing.T) {
	run := func(seed uint64) string {
		faults, store := newFaults(FaultOptions{
			Seed: seed, Landing: 0.3, Reads: 0.3,
			Chances: map[Fault]float64{SpuriousConflict: 0.2, Failure: 0.2, LostReply: 0.2, LateAppend: 0.2},
		})
		var history []string
		for range 100 {
			_, err := try(t.Context(), faults, nil, event("a"))
			_, looked := faults.Head(t.Context())
			history = append(history, fmt.Sprintln(err, looked))
		}
		return fmt.Sprint(history, faults.injected, len(read(t, store, eventcore.Query{})))
	}
	first, again, other := run(1), run(1), run(2)
	if first != again {
		t.Error("the seed 1 made two different histories")
	}
	if first == other {
		t.Error("the seeds 1 and 2 made the same history")
	}
}

func TestALateAppendLandsOnlyWhileItsGuardsHold(t *testing.T) {
	faults, store := newFaults(FaultOptions{First: []Fault{LateAppend, LateAppend}})
	for _, id := range []eventcore.StreamID{"a", "b"} {
		if _, err := try(t.Context(), faults, guards(guard(id, 0)), event(id)); !errors.Is(err, ErrReplyLost) {
			t.Fatalf("got %v, want ErrReplyLost", err)
		}
	}
	write(t, faults, event("a"))
	if faults.Late() != 2 {
		t.Errorf("%d appends are kept back, want 2", faults.Late())
	}
	if landed := faults.Land(t.Context()); landed != 1 {
		t.Errorf("%d appends landed, want 1: the stream a has moved", landed)
	}
	expectDense(t, read(t, store, eventcore.Query{}), 2)
}

func TestALateAppendDoesNotLandBehindAFence(t *testing.T) {
	faults, store := newFaults(FaultOptions{First: []Fault{LateAppend, LostReply}})
	late, lost := request(0, event("a")), request(0, event("b"))
	for _, sent := range []eventcore.AppendRequest{late, lost} {
		if _, err := faults.Append(t.Context(), sent); !errors.Is(err, eventcore.ErrOutcomeUnknown) {
			t.Fatalf("got %v, want ErrOutcomeUnknown", err)
		}
	}
	if _, happened := resolve(t, faults, late); happened {
		t.Error("the late append is found")
	}
	if _, happened := resolve(t, faults, lost); !happened {
		t.Error("the append whose reply was lost is not found")
	}
	if landed := faults.Land(t.Context()); landed != 0 {
		t.Errorf("%d appends landed behind the fence", landed)
	}
	expectDense(t, read(t, store, eventcore.Query{}), 1)
	unable, _ := newFaults(FaultOptions{NoResolver: true})
	if _, _, err := unable.Resolve(t.Context(), late); !errors.Is(err, ErrNoResolver) {
		t.Errorf("got %v, want ErrNoResolver", err)
	}
}

func TestALateAppendLandsByChance(t *testing.T) {
	faults, store := newFaults(FaultOptions{First: []Fault{LateAppend}, Landing: 1})
	_, _ = try(t.Context(), faults, nil, event("late"))
	write(t, faults, event("next"))
	if events := read(t, store, eventcore.Query{}); len(events) != 2 || events[0].Streams[0].Stream != "late" {
		t.Errorf("got %v, want the late append before the next", events)
	}
}

func TestTheErrorOfALostReplyCanBeChosen(t *testing.T) {
	errConnection := errors.New("connection reset")
	faults, store := newFaults(FaultOptions{First: []Fault{LostReply}, LostReply: errConnection})
	_, err := try(t.Context(), faults, nil, event("a"))
	if !errors.Is(err, errConnection) || errors.Is(err, eventcore.ErrOutcomeUnknown) {
		t.Errorf("got %v, want the plain error", err)
	}
	expectDense(t, read(t, store, eventcore.Query{}), 1)
}

func TestACrashedProcessIsGoneAndItsStoreIsNot(t *testing.T) {
	faults, store := newFaults(FaultOptions{First: []Fault{CrashAfter}})
	orders, err := faults.ReadModel("orders")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		for _, err := range faults.Subscribe(t.Context(), 1, eventcore.Filter{}) {
			ended <- err
		}
	}()
	_, _ = try(t.Context(), faults, nil, event("a"))
	if err := <-ended; !errors.Is(err, ErrCrashed) {
		t.Errorf("the subscription ended with %v", err)
	}
	<-faults.Crashed()
	_, appending := try(t.Context(), faults, nil, event("a"))
	_, looking := faults.Head(t.Context())
	_, opening := faults.ReadModel("orders")
	_, err = orders.Checkpoint(t.Context())
	for what, err := range map[string]error{
		"append": appending, "head": looking, "read model": opening, "checkpoint": err,
		"update":    orders.Update(t.Context(), 0, 1, nil),
		"read":      firstError(faults.Read(t.Context(), eventcore.Query{})),
		"subscribe": firstError(faults.Subscribe(t.Context(), 0, eventcore.Filter{})),
		"documents": firstError(orders.All(t.Context())),
	} {
		if !errors.Is(err, ErrCrashed) || errors.Is(err, eventcore.ErrOutcomeUnknown) {
			t.Errorf("%s: got %v, want ErrCrashed alone", what, err)
		}
	}
	write(t, NewFaults(store, FaultOptions{}), event("a"))
	expectDense(t, read(t, store, eventcore.Query{}), 2)
}

func firstError[T any](sequence func(func(T, error) bool)) error {
	for _, err := range sequence {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestReadsFailPartwayAndNeverEndShortWithoutAnError(t *testing.T) {
	faults, store := newFaults(FaultOptions{Reads: 0.5})
	want := write(t, store, batch(40, 2, "a")...)
	failed, partial := 0, 0
	for range 100 {
		count, err := 0, error(nil)
		for event, readErr := range faults.Read(t.Context(), eventcore.Query{}) {
			if err = readErr; err == nil {
				count++
				if !same(event, want[count-1]) {
					t.Fatalf("event %d is another", count)
				}
			}
		}
		switch {
		case errors.Is(err, ErrInjected):
			failed++
			partial += min(count, 1)
		case err != nil || count != len(want):
			t.Fatalf("%d events and %v, want all %d", count, err, len(want))
		}
	}
	if failed < 25 || failed > 75 || partial < failed/2 {
		t.Errorf("%d of 100 reads failed, %d of them partway", failed, partial)
	}
	faults.Heal()
	expectEvents(t, "after healing", read(t, faults, eventcore.Query{}), want)
}

func TestCheckpointsFailBeforeTheyAreWrittenOrAfter(t *testing.T) {
	faults, store := newFaults(FaultOptions{Checkpoints: 1})
	injected, truth := model(t, faults, "orders"), model(t, store, "orders")
	written := 0
	for number := range 100 {
		before, err := truth.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = injected.Update(t.Context(), before, positionOf(number+1), []eventcore.Change{set("key", "value")})
		if !errors.Is(err, ErrInjected) {
			t.Fatalf("got %v, want ErrInjected", err)
		}
		if after, _ := truth.Checkpoint(t.Context()); after != before {
			written++
		}
	}
	if written < 25 || written > 75 {
		t.Errorf("%d of 100 updates were written, want about half", written)
	}
}

func TestLatencyPassesOnTheClockThatIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults, _ := newFaults(FaultOptions{MaxLatency: time.Hour})
		start := time.Now()
		for range 100 {
			write(t, faults, event("a"))
		}
		if passed := time.Since(start); passed < 50*time.Hour || passed > 150*time.Hour {
			t.Errorf("100 appends took %s, want about 100 h", passed)
		}
	})
	slept := 0
	faults, _ := newFaults(FaultOptions{MaxLatency: time.Hour, Sleep: func(context.Context, time.Duration) error {
		slept++
		return nil
	}})
	write(t, faults, event("a"))
	if head(t, faults); slept != 3 {
		t.Errorf("slept %d times, want before and after the append and before the look", slept)
	}
}

func TestAnAppendWhoseContextEndsWhileItWaitsWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults, store := newFaults(FaultOptions{MaxLatency: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if _, err := try(ctx, faults, nil, event("a")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		expectDense(t, read(t, store, eventcore.Query{}), 0)
	})
}
