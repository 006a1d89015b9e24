// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

var one = saga.OrderID{Namespace: "shop", Name: "one"}

func TestAnOrderThatIsAddedWhileAtWorkComesAgainOnce(t *testing.T) {
	q := newQueue()
	defer q.close()
	q.add(one)
	q.add(one)
	if id, ok := q.take(); !ok || id != one {
		t.Fatal("it never came")
	}
	q.add(one)
	q.add(one)
	if len(q.waiting) != 0 {
		t.Error("two workers could have it at once")
	}
	q.done(one)
	if len(q.waiting) != 1 {
		t.Fatalf("%d wait, want 1", len(q.waiting))
	}
	q.take()
	q.done(one)
	if len(q.waiting) != 0 || len(q.state) != 0 {
		t.Errorf("%v waiting, state %v", q.waiting, q.state)
	}
}

func TestTheEarliestTimerOfAnOrderCounts(t *testing.T) {
	for name, spans := range map[string][]time.Duration{
		"asked for last":  {time.Hour, time.Minute},
		"asked for first": {time.Minute, time.Hour},
		"asked for twice": {time.Minute, time.Minute},
		"in the past":     {time.Minute, -time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue()
				defer q.close()
				start := time.Now()
				earliest := spans[0]
				for _, span := range spans {
					q.addAfter(one, start, span)
					earliest = max(0, min(earliest, span))
				}
				if id, ok := q.take(); !ok || id != one {
					t.Fatal("it never came")
				}
				if passed := time.Since(start); passed != earliest {
					t.Errorf("it came after %v", passed)
				}
				q.done(one)
				q.addAfter(one, time.Now(), time.Second) // a fired timer is no obstacle
				if id, ok := q.take(); !ok || id != one {
					t.Error("it did not come again")
				}
			})
		})
	}
}

func TestAStoppedTimerBringsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		q.addAfter(one, time.Now(), time.Minute)
		q.stopTimer(one)
		q.stopTimer(one)
		time.Sleep(time.Hour)
		if len(q.waiting)+len(q.timers) != 0 {
			t.Errorf("waiting: %v, timers: %v", q.waiting, q.timers)
		}
		q.addAfter(one, time.Now(), time.Minute)
		if id, ok := q.take(); !ok || id != one {
			t.Error("a timer after it brings nothing either")
		}
		q.close()
	})
}

func TestAClosedQueueEndsItsWorkersAndStartsNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		var workers sync.WaitGroup
		for range 3 {
			workers.Go(func() {
				if _, ok := q.take(); ok {
					t.Error("an order came")
				}
			})
		}
		q.addAfter(one, time.Now(), time.Minute)
		synctest.Wait()
		q.close()
		workers.Wait()
		q.addAfter(one, time.Now(), time.Minute)
		time.Sleep(time.Hour)
		if len(q.waiting) != 0 {
			t.Errorf("waiting: %v", q.waiting)
		}
	})
}

func TestNoOrderIsLostNorAtTwoWorkersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		var workers sync.WaitGroup
		// wanted counts the orders' additions, done those that a worker has seen the effect of.
		var wanted, done, busy [20]atomic.Int64
		for range 8 {
			workers.Go(func() {
				for {
					id, ok := q.take()
					if !ok {
						return
					}
					i, _ := strconv.Atoi(id.Name)
					if busy[i].Add(1) != 1 {
						t.Errorf("order %d is at two workers", i)
					}
					done[i].Store(wanted[i].Load())
					time.Sleep(time.Millisecond)
					busy[i].Add(-1)
					q.done(id)
				}
			})
		}
		for range 2_000 {
			i := rand.IntN(len(wanted))
			id := saga.OrderID{Namespace: "shop", Name: strconv.Itoa(i)}
			wanted[i].Add(1)
			if rand.IntN(2) == 0 {
				q.add(id)
			} else {
				q.addAfter(id, time.Now(), time.Duration(rand.IntN(5_000))*time.Microsecond)
			}
			time.Sleep(100 * time.Microsecond)
		}
		time.Sleep(time.Minute)
		for i := range wanted {
			if wanted[i].Load() != done[i].Load() {
				t.Errorf("order %d: %d additions, the last one seen was %d", i, wanted[i].Load(), done[i].Load())
			}
		}
		q.close()
		workers.Wait()
	})
}
