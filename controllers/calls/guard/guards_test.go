// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package guard_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/saga"
)

// desk is where orders come to ask, and notes who was woken and which providers have changed.
type desk struct {
	*testing.T
	*guard.Guards

	settings guard.Settings
	mu       sync.Mutex
	woken    []string
	changed  []string
}

// test runs with guards in a bubble of its own.
func test(t *testing.T, settings guard.Settings, run func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{T: t, settings: settings}
		d.Guards = guard.New(guard.Options{Clock: time.Now, Wake: func(id saga.OrderID) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.woken = append(d.woken, id.Name)
		}})
		d.Watch(func(name string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.changed = append(d.changed, name)
		})
		run(d)
		d.Close()
	})
}

func (d *desk) enter(order string, class guard.Class) (*guard.Permit, guard.Wait) {
	return d.Enter(saga.OrderID{Name: order}, "bank", class, d.settings)
}

// must returns the order's permit.
func (d *desk) must(order string, class guard.Class) *guard.Permit {
	d.Helper()
	permit, wait := d.enter(order, class)
	if permit == nil {
		d.Fatalf("%s waits: %+v", order, wait)
	}
	return permit
}

// refuse demands that the order waits.
func (d *desk) refuse(order string, class guard.Class, state guard.State) {
	d.Helper()
	if permit, wait := d.enter(order, class); permit != nil || wait.State != state {
		d.Fatalf("%s: permit %v, %+v", order, permit != nil, wait)
	}
}

// fail has so many calls fail, one after the other.
func (d *desk) fail(class guard.Class, times int) {
	d.Helper()
	for i := range times {
		d.must(fmt.Sprintf("failing-%d", i), class).Done(guard.Failed)
	}
}

func (d *desk) wokenNow(want ...string) {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.woken, want) {
		d.Errorf("woken %v, want %v", d.woken, want)
	}
	d.woken = nil
}

func (d *desk) expect(undoing, lookingUp, acting guard.State) {
	d.Helper()
	got := d.Configure("bank", d.settings)
	if got.Undoing.State != undoing || got.LookingUp.State != lookingUp || got.Acting.State != acting {
		d.Errorf("circuits %+v", got)
	}
}

func TestACircuitOpensAfterSoManyFailuresInARowAndForItsClassOnly(t *testing.T) {
	for _, class := range []guard.Class{guard.Undoing, guard.LookingUp, guard.Acting} {
		test(t, guard.Settings{}, func(d *desk) {
			d.fail(class, 9)
			d.must("refused", class).Done(guard.Answered)
			d.fail(class, 9)
			d.must("not-asked", class).Done(guard.NotAsked)
			d.expect(guard.Closed, guard.Closed, guard.Closed)
			d.fail(class, 1)
			for _, other := range []guard.Class{guard.Undoing, guard.LookingUp, guard.Acting} {
				if other == class {
					d.refuse("waiting", other, guard.Open)
				} else {
					d.must("passing", other).Done(guard.Answered)
				}
			}
			if worst := d.Configure("bank", d.settings).Worst(); worst.State != guard.Open || !slices.Equal(d.changed, []string{"bank"}) {
				t.Errorf("%+v after %v", worst, d.changed)
			}
		})
	}
}

func TestAnOpenCircuitHalfOpensByItselfAndTriesThreeOrdersOnly(t *testing.T) {
	test(t, guard.Settings{FailureThreshold: 1, OpenFor: time.Minute}, func(d *desk) {
		d.fail(guard.Acting, 1)
		for i := range 10 {
			d.refuse(fmt.Sprintf("order-%d", i), guard.Acting, guard.Open)
		}
		time.Sleep(time.Minute - 1)
		d.wokenNow()
		time.Sleep(time.Nanosecond)
		d.wokenNow("order-0", "order-1", "order-2")
		d.expect(guard.Closed, guard.Closed, guard.HalfOpen)
		for i := range 3 {
			d.must(fmt.Sprintf("order-%d", i), guard.Acting).Done(guard.Failed)
		}
		d.expect(guard.Closed, guard.Closed, guard.Open)
		d.wokenNow()
		time.Sleep(time.Minute)
		d.wokenNow("order-3", "order-4", "order-5")
		d.must("order-3", guard.Acting).Done(guard.Failed)
		d.must("order-4", guard.Acting).Done(guard.Answered)
		d.expect(guard.Closed, guard.Closed, guard.Closed)
		d.wokenNow("order-6", "order-7", "order-8", "order-9")
		if len(d.changed) != 5 {
			t.Errorf("told of %d changes", len(d.changed))
		}
	})
}

func TestWhatIsHeardOfACallThatBeganBeforeTheCircuitChangedSaysNothing(t *testing.T) {
	test(t, guard.Settings{FailureThreshold: 3, OpenFor: time.Minute}, func(d *desk) {
		slow := []*guard.Permit{
			d.must("a", guard.Acting), d.must("b", guard.Acting), d.must("c", guard.Acting), d.must("d", guard.Acting),
		}
		d.fail(guard.Acting, 3)
		slow[0].Done(guard.Answered)
		d.expect(guard.Closed, guard.Closed, guard.Open)
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, permit := range slow[1:] {
			permit.Done(guard.Failed)
		}
		d.expect(guard.Closed, guard.Closed, guard.HalfOpen)
		d.must("probe", guard.Acting).Done(guard.Answered)
		d.expect(guard.Closed, guard.Closed, guard.Closed)
	})
}

func TestAProbeThatIsNotMadeAfterAllMakesRoomForAnother(t *testing.T) {
	test(t, guard.Settings{FailureThreshold: 1, OpenFor: time.Minute}, func(d *desk) {
		d.fail(guard.Undoing, 1)
		time.Sleep(time.Minute)
		for range 10 {
			permit := d.must("order", guard.Undoing)
			permit.Done(guard.NotAsked)
			permit.Done(guard.Failed) // too late to count
		}
		d.expect(guard.HalfOpen, guard.Closed, guard.Closed)
	})
}

func TestOrdersWaitForRoomInTheirOrderAndNobodyOvertakesThem(t *testing.T) {
	test(t, guard.Settings{Concurrency: 4}, func(d *desk) {
		first, second := d.must("a", guard.Acting), d.must("b", guard.Acting)
		for _, order := range []string{"c", "d", "e", "c"} {
			d.refuse(order, guard.Acting, guard.Closed)
		}
		d.must("look-up", guard.LookingUp)
		d.must("refund", guard.Undoing)
		d.refuse("another refund", guard.Undoing, guard.Closed)
		first.Done(guard.Answered)
		d.wokenNow("c")
		d.refuse("newcomer", guard.Acting, guard.Closed)
		d.Leave(saga.OrderID{Name: "c"}) // it was cancelled meanwhile
		d.wokenNow("d")
		d.Leave(saga.OrderID{Name: "e"})
		d.must("d", guard.Acting)
		second.Done(guard.Failed)
		d.wokenNow("newcomer")
		if d.Waits(saga.OrderID{Name: "c"}) || !d.Waits(saga.OrderID{Name: "newcomer"}) {
			t.Error("the queue holds others")
		}
	})
}

func TestAnOrderThatNowAsksForSomethingElseGivesItsPlaceUp(t *testing.T) {
	test(t, guard.Settings{Concurrency: 4}, func(d *desk) {
		first := d.must("a", guard.Acting)
		d.must("b", guard.Acting)
		d.refuse("c", guard.Acting, guard.Closed)
		d.refuse("d", guard.Acting, guard.Closed)
		first.Done(guard.Answered)
		d.must("c", guard.Undoing)
		d.wokenNow("c", "d")
	})
}

func TestCallsKeepTheRateAndWhatGivesBackGoesFirst(t *testing.T) {
	test(t, guard.Settings{RequestsPerSecond: 2, Burst: 4, Concurrency: 1000}, func(d *desk) {
		for i := range 4 {
			d.must(fmt.Sprintf("order-%d", i), guard.Acting)
		}
		for i := range 10 {
			d.refuse(fmt.Sprintf("late-%d", i), guard.Acting, guard.Closed)
		}
		d.refuse("refund", guard.Undoing, guard.Closed)
		time.Sleep(2*time.Second - 1)
		d.wokenNow()
		time.Sleep(time.Nanosecond)
		d.wokenNow("refund", "late-0", "late-1", "late-2")
		time.Sleep(2 * time.Second)
		d.wokenNow("late-3", "late-4", "late-5", "late-6")
		time.Sleep(time.Hour)
		d.wokenNow("late-7", "late-8", "late-9")
	})
}

func TestOneProviderDoesNotWaitForAnother(t *testing.T) {
	test(t, guard.Settings{FailureThreshold: 1, Concurrency: 4, RequestsPerSecond: 3}, func(d *desk) {
		d.must("a", guard.Acting)
		d.must("b", guard.Acting)
		d.refuse("c", guard.Acting, guard.Closed)
		d.fail(guard.LookingUp, 1)
		for _, class := range []guard.Class{guard.Acting, guard.Acting, guard.LookingUp} {
			if permit, wait := d.Enter(saga.OrderID{Name: "other"}, "other bank", class, d.settings); permit == nil {
				t.Errorf("it waits: %+v", wait)
			}
		}
	})
}

func TestAnotherConfigurationClosesTheCircuitAndWakesWhoWaits(t *testing.T) {
	test(t, guard.Settings{FailureThreshold: 1, Concurrency: 4}, func(d *desk) {
		d.fail(guard.Acting, 1)
		for _, order := range []string{"a", "b", "c"} {
			d.refuse(order, guard.Acting, guard.Open)
		}
		d.settings.Revision = "2"
		d.expect(guard.Closed, guard.Closed, guard.Closed)
		d.wokenNow("a", "b")
		d.must("a", guard.Acting).Done(guard.Answered)
		d.wokenNow("c")
		d.must("b", guard.Acting)
		d.Forget("bank")
		d.wokenNow("c")
		d.must("a", guard.Acting)
	})
}

func TestTheRoomIsDividedBetweenTheClasses(t *testing.T) {
	for concurrency, want := range map[int][3]int{0: {16, 16, 32}, 1: {1, 1, 2}, 4: {1, 1, 2}, 10: {2, 2, 6}} {
		test(t, guard.Settings{Concurrency: concurrency}, func(d *desk) {
			for i, class := range []guard.Class{guard.Undoing, guard.LookingUp, guard.Acting} {
				got := 0
				for permit, _ := d.enter(fmt.Sprint("order-", i, got), class); permit != nil; got++ {
					permit, _ = d.enter(fmt.Sprint("order-", i, got+1), class)
				}
				if got != want[i] {
					t.Errorf("%d of %d calls of class %d at once, want %d", got, concurrency, class, want[i])
				}
			}
		})
	}
}

func TestAClosedGuardIsSilent(t *testing.T) {
	test(t, guard.Settings{FailureThreshold: 1}, func(d *desk) {
		permit := d.must("a", guard.Acting)
		d.fail(guard.Acting, 1)
		d.refuse("b", guard.Acting, guard.Open)
		d.Close()
		permit.Done(guard.Answered)
		time.Sleep(time.Hour)
		d.wokenNow()
	})
}
