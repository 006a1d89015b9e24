// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

var one = saga.OrderID{Namespace: "shop", Name: "one"}

func TestAnOrderIsWorkedOnAsLongAsThereIsMoreToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moves := 0
		p := newPool(1, func(context.Context, saga.OrderID) bool { moves++; return moves < 5 })
		p.submit(one)
		synctest.Wait()
		if moves != 5 {
			t.Errorf("%d moves", moves)
		}
		if len(p.again) != 0 {
			t.Errorf("the pool remembers %v", p.again)
		}
	})
}

func TestNoSubmissionIsLostAndNoOrderIsWorkedOnTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wanted, seen, busy [10]atomic.Int64
		var atOnce atomic.Int64
		p := newPool(3, func(_ context.Context, id saga.OrderID) bool {
			i, _ := strconv.Atoi(id.Name)
			if busy[i].Add(1) != 1 {
				t.Errorf("order %d is worked on twice", i)
			}
			if atOnce.Add(1) > 3 {
				t.Error("more than three at once")
			}
			seen[i].Store(wanted[i].Load())
			time.Sleep(time.Millisecond)
			atOnce.Add(-1)
			busy[i].Add(-1)
			return rand.IntN(3) == 0
		})
		for range 1_000 {
			i := rand.IntN(len(wanted))
			wanted[i].Add(1)
			p.submit(saga.OrderID{Name: strconv.Itoa(i)})
			time.Sleep(100 * time.Microsecond)
		}
		time.Sleep(time.Minute)
		for i := range wanted {
			if wanted[i].Load() != seen[i].Load() {
				t.Errorf("order %d: %d submissions, the last one seen was %d", i, wanted[i].Load(), seen[i].Load())
			}
		}
	})
}

func TestCloseLetsCallsEndAndStartsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, ended := 0, 0
		p := newPool(1, func(context.Context, saga.OrderID) bool {
			started++
			time.Sleep(time.Second)
			ended++
			return true
		})
		p.submit(one)
		synctest.Wait()
		p.submit(saga.OrderID{Name: "two"}) // waits for its turn
		p.close()
		p.submit(saga.OrderID{Name: "three"})
		p.close()
		synctest.Wait()
		if started != 1 || ended != 1 {
			t.Errorf("%d started, %d ended", started, ended)
		}
	})
}

func TestRetriesWaitLongerAndLongerUpToHalfAMinuteAndInTheLongRunFive(t *testing.T) {
	e := &Engine{options: Options{Jitter: func() float64 { return 1 }}.withDefaults()}
	for failures, want := range map[int]time.Duration{
		0: 250 * time.Millisecond, 1: 250 * time.Millisecond, 2: 500 * time.Millisecond, 3: time.Second,
		7: 16 * time.Second, 8: 30 * time.Second, 20: 30 * time.Second, 21: 5 * time.Minute, 1_000_000: 5 * time.Minute,
	} {
		if got := e.backoff(failures); got != want {
			t.Errorf("after %d failures: %v, want %v", failures, got, want)
		}
	}
	if got := (Options{}).withDefaults(); got.Timeout != 10*time.Second || got.Concurrency != 64 || got.Jitter() >= 1 {
		t.Errorf("defaults: %+v", got)
	}
}

func TestWhatOnlyAPersonCanMendIsTriedSlowly(t *testing.T) {
	for jitter, want := range map[float64][3]time.Duration{
		0: {30 * time.Second, time.Minute, 30 * time.Minute}, 1: {time.Minute, 2 * time.Minute, time.Hour},
	} {
		e := &Engine{options: Options{Jitter: func() float64 { return jitter }}.withDefaults()}
		if got := [3]time.Duration{e.slowly(1), e.slowly(2), e.slowly(100)}; got != want {
			t.Errorf("with jitter %v: %v, want %v", jitter, got, want)
		}
	}
}
