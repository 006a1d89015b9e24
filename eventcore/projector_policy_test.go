// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// refusing is a projection that counts deposits by amount. It fails on withdrawals after it has written something, and
// panics on transfers.
func refusing(policy eventcore.Policy) eventcore.Projection {
	return eventcore.Projection{
		Name: "amounts", OnError: policy,
		Apply: func(documents *eventcore.Documents, event *eventcore.Event) error {
			deposited, ok := event.Payload.(Deposited)
			key := strconv.FormatInt(deposited.Amount, 10)
			count := 0
			if _, err := documents.Get(key, &count); err != nil {
				return err
			}
			if err := documents.Put(key, count+1); err != nil {
				return err
			}
			if ok {
				return nil
			}
			documents.Delete("1")
			if err := documents.Put("1", "half"); err != nil {
				return err
			}
			if event.Type == "Transferred" {
				panic("a transfer")
			}
			return errApply
		},
	}
}

func TestAnEventThatCannotBeAppliedIsSkippedOrParkedAndUndone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, store eventcore.Store) {
		t.Helper()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(1, "a"))
		execute(t, executor, deposit(0, "a"))
		execute(t, executor, withdraw(1, "a"))
		execute(t, executor, deposit(1, "a"))
		execute(t, executor, Transfer{Amount: 1, From: "a", To: "b"})
		for policy, parked := range map[eventcore.Policy]int{eventcore.Skip: 0, eventcore.Park: 2} {
			projection := refusing(policy)
			projection.Name = fmt.Sprint("policy ", policy)
			var failed []string
			options := eventcore.ProjectorOptions{Failed: func(event *eventcore.Event, attempt int, again bool, _ error) {
				failed = append(failed, fmt.Sprint(event.Position, attempt, again))
			}}
			if err := newProjector(t, store, projection, options).CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := "3 1 false, 5 1 false"; strings.Join(failed, ", ") != want {
				t.Errorf("observed %q, want %q", failed, want)
			}
			reopened := newProjector(t, store, projection, eventcore.ProjectorOptions{})
			wantDocuments(t, reopened, map[string]string{"0": "1", "1": "2"})
			if reopened.Position() != 5 {
				t.Errorf("position %d, want 5", reopened.Position())
			}
			if got := wantParked(t, reopened, parked); parked == 2 {
				if !strings.Contains(got[3], errApply.Error()) || !strings.Contains(got[5], "a transfer") {
					t.Errorf("parked %v", got)
				}
			}
		}
	})
}

func wantParked(t *testing.T, projector *eventcore.Projector, want int) map[eventcore.Position]string {
	t.Helper()
	parked, err := projector.Parked()
	if err != nil || len(parked) != want {
		t.Fatalf("parked %+v, %v; want %d", parked, err, want)
	}
	return parked
}

func TestAnApplyThatPanicsEndsTheProjectionAndNotTheProcess(t *testing.T) {
	store := newStore()
	executor := newExecutor(t, store)
	execute(t, executor, deposit(1, "a"))
	execute(t, executor, Transfer{Amount: 1, From: "a", To: "b"})
	err := newProjector(t, store, refusing(eventcore.Fail), eventcore.ProjectorOptions{}).CatchUp(t.Context())
	if err == nil || !strings.Contains(err.Error(), "apply event 2 (Transferred): it panicked: a transfer") {
		t.Errorf("got %v, want the panic", err)
	}
}

// flaky fails on every event so many times.
func flaky(times, most int, attempts *[]time.Time) eventcore.Projection {
	failures := 0
	return eventcore.Projection{
		Name: "flaky", Attempts: most, OnError: eventcore.Park,
		Apply: func(documents *eventcore.Documents, event *eventcore.Event) error {
			*attempts = append(*attempts, time.Now())
			if err := documents.Put(strconv.Itoa(int(event.Position)), failures); err != nil {
				return err
			}
			if failures < times {
				failures++
				return errApply
			}
			failures = 0
			return nil
		},
	}
}

func TestApplyIsTriedAgainAfterLongerAndLongerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		execute(t, newExecutor(t, store), deposit(1, "a"))
		for name, test := range map[string]struct {
			attempts int
			backoff  func(int) time.Duration
			waits    []int // in milliseconds, at most
			parked   int
		}{
			"the default":       {9, nil, []int{100, 200, 400, 800, 1600, 3200, 5000}, 0},
			"too few attempts":  {3, nil, []int{100, 200}, 1},
			"no second attempt": {0, nil, nil, 1},
			"another": {
				9, func(attempts int) time.Duration { return time.Duration(attempts) * time.Millisecond },
				[]int{1, 2, 3, 4, 5, 6, 7}, 0,
			},
		} {
			var attempts []time.Time
			projection := flaky(7, test.attempts, &attempts)
			projection.Name = name
			options := eventcore.ProjectorOptions{Backoff: test.backoff}
			projector := newProjector(t, store, projection, options)
			if err := projector.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(attempts) != len(test.waits)+1 {
				t.Errorf("%s: %d attempts, want %d", name, len(attempts), len(test.waits)+1)
				continue
			}
			for i, want := range test.waits {
				most := time.Duration(want) * time.Millisecond
				if wait := attempts[i+1].Sub(attempts[i]); wait > most || wait < most/2 || test.backoff != nil && wait != most {
					t.Errorf("%s: waited %v before attempt %d, want at most %v", name, wait, i+2, most)
				}
			}
			wantParked(t, projector, test.parked)
			wantDocuments(t, projector, map[bool]map[string]string{true: {"1": "7"}, false: {}}[test.parked == 0])
		}
	})
}

func TestAProjectorThatWaitsForTheNextAttemptCanBeReadAndStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		executor := newExecutor(t, store)
		execute(t, executor, deposit(1, "a"))
		execute(t, executor, withdraw(1, "a"))
		projection := refusing(eventcore.Fail)
		projection.Attempts = 1 << 30
		projector := newProjector(t, store, projection, eventcore.ProjectorOptions{})
		stop := run(t, projector)
		time.Sleep(time.Hour) // of the bubble's clock
		wantDocuments(t, projector, map[string]string{"1": "1"})
		if err := stop(); err != nil {
			t.Errorf("Run returned %v, want nil", err)
		}
		model, _ := store.ReadModel("amounts")
		if checkpoint, _ := model.Checkpoint(t.Context()); checkpoint != 1 {
			t.Errorf("checkpoint %d, want 1: before the event that was tried", checkpoint)
		}
	})
}

func TestDocumentsAreTheFoldOfTheEventsThatSucceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type counted struct{ Key, Fail int }
		registry := eventcore.NewRegistry(eventcore.Type[counted]("Counted", 1))
		projection := eventcore.Projection{
			Name: "counts", OnError: rapid.SampledFrom([]eventcore.Policy{eventcore.Skip, eventcore.Park}).Draw(t, "policy"),
			Apply: func(documents *eventcore.Documents, event *eventcore.Event) error {
				e := event.Payload.(counted)
				for step := range 3 {
					key := strconv.Itoa((e.Key + step) % 3)
					if step == 1 {
						documents.Delete(key)
					} else if err := documents.Put(key, event.Position); err != nil {
						return err
					}
					if e.Fail == step {
						return errors.New("fails after so many steps")
					}
				}
				return nil
			},
		}
		store := memory.New(memory.Options{})
		want, failed := map[string]string{}, 0
		for position := 1; position <= 20; position++ {
			e := counted{Key: rapid.IntRange(0, 2).Draw(t, "key"), Fail: rapid.IntRange(0, 5).Draw(t, "fail")}
			event, err := registry.Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			event.Streams = []eventcore.Membership{{Stream: "counts"}}
			if _, err := store.Append(t.Context(), eventcore.AppendRequest{Events: []eventcore.Event{event}}); err != nil {
				t.Fatal(err)
			}
			if e.Fail < 3 {
				failed++
			} else {
				want[strconv.Itoa(e.Key)], want[strconv.Itoa((e.Key+2)%3)] = strconv.Itoa(position), strconv.Itoa(position)
				delete(want, strconv.Itoa((e.Key+1)%3))
			}
			if rapid.Bool().Draw(t, "catch up") || position == 20 { // a new one has what was saved alone
				projector, err := eventcore.NewProjector(t.Context(), store, registry, projection, eventcore.ProjectorOptions{})
				if err == nil {
					err = projector.CatchUp(t.Context())
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		projector, err := eventcore.NewProjector(t.Context(), store, registry, projection, eventcore.ProjectorOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for key, value := range projector.Documents() {
			got[key] = string(value)
		}
		if !maps.Equal(got, want) {
			t.Errorf("documents %v, want %v", got, want)
		}
		if parked, _ := projector.Parked(); projection.OnError == eventcore.Park && len(parked) != failed {
			t.Errorf("%d parked, want %d", len(parked), failed)
		}
	})
}
