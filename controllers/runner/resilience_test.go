// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// outage counts what comes to the providers, and has some of it fail for a while.
type outage struct {
	mu    sync.Mutex
	from  time.Time
	to    time.Time
	kinds []kind
	// hangs leaves callers without an answer; otherwise they are sent away.
	hangs bool
	// asked counts what has come during the outage.
	asked map[kind]int
}

func (o *outage) reached(ctx context.Context, _ string, k kind) error {
	o.mu.Lock()
	now := time.Now()
	down := !now.Before(o.from) && now.Before(o.to)
	if down {
		o.asked[k]++
	}
	o.mu.Unlock()
	if !down || !slices.Contains(o.kinds, k) {
		return nil
	}
	if o.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return calls.ErrUnavailable
}

// beginMany accepts so many orders, with the defaults of all settings.
func beginMany(w *world, orders int, change func(i int, content *saga.OrderCreated)) (*process, []saga.OrderID) {
	w.t.Helper()
	w.settings = guard.Settings{}
	w.most = 0 // there are many
	p := w.begin()
	p.supply(laptop, 10_000)
	p.supply(mouse, 10_000)
	ids := make([]saga.OrderID, orders)
	for i := range ids {
		ids[i] = saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("order-%03d", i)}
		content := order("uid-1")
		if change != nil {
			change(i, &content)
		}
		p.accept(ids[i], content)
	}
	return p, ids
}

// ended demands that all orders have ended so.
func (w *world) ended(ids []saga.OrderID, outcome saga.Outcome) {
	w.t.Helper()
	for _, id := range ids {
		if folded := w.fold(id); folded.Outcome != outcome || folded.Attention != nil {
			w.t.Errorf("order %s: %s %+v after %v", id, folded.Outcome, folded.Attention, w.history(id))
		}
	}
}

// between counts the events of all orders in a span of time, by type.
func (w *world) between(from, to time.Time) map[string]int {
	w.t.Helper()
	counts := map[string]int{}
	for _, event := range w.events("") {
		if !event.RecordedAt.Before(from) && event.RecordedAt.Before(to) {
			counts[event.Type]++
		}
	}
	return counts
}

// TestAnOutageBurnsNeitherEventsNorCallsAndAllOrdersResumeByThemselves has a hundred orders come while a provider is
// down for ten minutes. Without a guard they would call it more than two thousand times.
func TestAnOutageBurnsNeitherEventsNorCallsAndAllOrdersResumeByThemselves(t *testing.T) {
	const (
		orders = 100
		span   = 10 * time.Minute
		probes = 3 * int(span/guard.DefaultOpenFor)
		// Calls that are under way when the circuit opens end in a failure too.
		bound = guard.DefaultFailureThreshold + guard.DefaultConcurrency/2 + probes
	)
	for name, test := range map[string]struct {
		down   []kind
		hangs  bool
		intent string
		reason string
		step   string
	}{
		"a gateway that says so":         {[]kind{charge, lookUp}, false, "PaymentRequested", saga.ReasonGatewayUnavailable, saga.ProcessPayment},
		"a gateway that does not answer": {[]kind{charge, lookUp}, true, "PaymentRequested", saga.ReasonGatewayUnavailable, saga.ProcessPayment},
		"a carrier that says so":         {[]kind{ship, lookUp}, false, "ShipmentRequested", saga.ReasonCarrierUnavailable, saga.CreateShipment},
		"a carrier that does not answer": {[]kind{ship, lookUp}, true, "ShipmentRequested", saga.ReasonCarrierUnavailable, saga.CreateShipment},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newBook(nil))
				down := &outage{from: time.Now(), to: time.Now().Add(span), kinds: test.down, hangs: test.hangs, asked: map[kind]int{}}
				w.book.reached = down.reached
				p, ids := beginMany(w, orders, nil)
				time.Sleep(span - time.Second)
				for _, id := range ids {
					waiting := w.fold(id).Step(test.step).Waiting
					if waiting == nil || waiting.Reason != test.reason || waiting.Name != "default" {
						t.Errorf("order %s waits for %+v after %v", id, waiting, w.history(id))
					}
				}
				counts := w.between(down.from, down.to)
				if counts[test.intent] > bound || down.asked[test.down[0]] > bound {
					t.Errorf("%d intents and %v requests, at most %d wanted", counts[test.intent], down.asked, bound)
				}
				if counts["StepWaiting"] < orders || counts["StepWaiting"] > orders+2*bound {
					t.Errorf("%d times it was said that an order waits", counts["StepWaiting"])
				}
				if lookUps := down.asked[lookUp]; lookUps > bound || !test.hangs && lookUps > 0 {
					t.Errorf("%d look-ups", lookUps)
				}
				time.Sleep(time.Second + guard.DefaultOpenFor + guard.DefaultMaxBackoff)
				w.ended(ids, saga.Completed)
				w.audit()
				_ = p.stop()
			})
		})
	}
}

func TestOrdersThatWaitForAnOutageToEndResumeAfterARestartToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		down := &outage{from: time.Now(), to: time.Now().Add(5 * time.Minute), kinds: []kind{charge}, asked: map[kind]int{}}
		w.book.reached = down.reached
		p, ids := beginMany(w, 100, nil)
		time.Sleep(time.Minute)
		_ = p.stop()
		p = w.begin()
		time.Sleep(6 * time.Minute)
		w.ended(ids, saga.Completed)
		w.audit()
		_ = p.stop()
	})
}

func TestDeadlinesKeepRunningDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		down := &outage{from: time.Now(), to: time.Now().Add(2 * time.Hour), kinds: []kind{charge}, asked: map[kind]int{}}
		w.book.reached = down.reached
		p, ids := beginMany(w, 100, nil)
		time.Sleep(time.Hour + time.Minute)
		w.ended(ids, saga.Cancelled) // look-ups go on: nothing of any call is left open
		w.audit()
		if p.Payment.Guards().Waits(ids[99]) {
			t.Error("an order that has ended still waits for its turn")
		}
		_ = p.stop()
	})
}

func TestRefundsAndLookUpsPassWhileChargesDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{ship: {refuse}, refund: {loseReply, loseReply, loseReply}}))
		down := &outage{asked: map[kind]int{}, kinds: []kind{charge}}
		w.book.reached = func(ctx context.Context, name string, k kind) error {
			if k == ship {
				time.Sleep(time.Minute) // the charges of those who come later fail meanwhile
			}
			return down.reached(ctx, name, k)
		}
		w.timeout = 2 * time.Minute
		p, early := beginMany(w, 10, nil)
		time.Sleep(time.Second)
		down.mu.Lock()
		down.from, down.to = time.Now(), time.Now().Add(time.Hour/2)
		down.mu.Unlock()
		for i := range 30 {
			p.accept(saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("late-%03d", i)}, order("uid-1"))
		}
		time.Sleep(2 * time.Minute)
		if circuits := p.Payment.Guards().Configure("default", guard.Settings{}); circuits.Acting.State == guard.Closed ||
			circuits.Undoing.State != guard.Closed || circuits.LookingUp.State != guard.Closed {
			t.Errorf("%+v", circuits)
		}
		w.ended(early, saga.Cancelled)
		for _, id := range early {
			correlation := saga.CorrelationID(storeID.String(), w.fold(id))
			taken, returned := w.book.keys(charge, correlation, "done"), w.book.keys(refund, correlation, "done")
			if len(taken) != 1 || len(returned) != 1 {
				t.Errorf("order %s: charged by %v, refunded by %v", id, taken, returned)
			}
		}
		_ = p.stop()
	})
}

// TestASlowProviderDoesNotDelayTheOrdersOfAnother has more calls of one gateway hang than all of them may be under way
// at once.
func TestASlowProviderDoesNotDelayTheOrdersOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		w.book.reached = func(_ context.Context, name string, _ kind) error {
			if name == "slow" {
				time.Sleep(9 * time.Second)
			}
			return nil
		}
		p, slow := beginMany(w, 300, func(_ int, content *saga.OrderCreated) { content.Gateway = "slow" })
		time.Sleep(time.Second)
		fast := make([]saga.OrderID, 100)
		for i := range fast {
			fast[i] = saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("fast-%03d", i)}
			p.accept(fast[i], order("uid-1"))
		}
		synctest.Wait()
		w.ended(fast, saga.Completed)
		time.Sleep(5 * time.Second)
		waiting := 0 // which of them do is up to the scheduler
		for _, id := range slow {
			if step := w.fold(id).Step(saga.ProcessPayment); step.Waiting != nil && step.Waiting.Name == "slow" {
				waiting++
			}
		}
		if waiting < 200 {
			t.Errorf("%d of 300 orders say that they wait for room", waiting)
		}
		time.Sleep(90 * time.Second) // 32 at once take 9 s
		w.ended(slow, saga.Completed)
		w.audit()
		_ = p.stop()
	})
}

func TestChargesKeepTheRateOfTheirGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		var mu sync.Mutex
		seconds := map[int]int{}
		began := time.Now()
		w.book.reached = func(_ context.Context, _ string, k kind) error {
			mu.Lock()
			defer mu.Unlock()
			if k == charge {
				seconds[int(time.Since(began)/time.Second)]++
			}
			return nil
		}
		w.settings = guard.Settings{RequestsPerSecond: 5}
		p := w.begin()
		p.supply(laptop, 100)
		p.supply(mouse, 100)
		var ids []saga.OrderID
		for i := range 23 {
			ids = append(ids, saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("order-%02d", i)})
			p.accept(ids[i], order("uid-1"))
		}
		time.Sleep(time.Minute)
		w.ended(ids, saga.Completed)
		if want := map[int]int{0: 5, 1: 5, 2: 5, 3: 5, 4: 3}; !maps.Equal(seconds, want) {
			t.Errorf("requests by the second: %v, want %v", seconds, want)
		}
		_ = p.stop()
	})
}

func TestAnOrderThatHasWaitedSaysSoOnceAndItsIntentClearsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		w.settings = guard.Settings{FailureThreshold: 1, OpenFor: time.Minute}
		down := &outage{from: time.Now(), to: time.Now().Add(time.Second), kinds: []kind{charge}, asked: map[kind]int{}}
		w.book.reached = down.reached
		p := w.start()
		w.await(orderID, typed("StepWaiting"))
		for range 10 { // whatever wakes it
			p.Arrived(saga.ReasonGatewayUnavailable, "", "default")
			time.Sleep(time.Second)
		}
		var intended time.Time
		w.await(orderID, func(e *eventcore.Event) bool {
			if e.Type == "PaymentRequested" {
				intended = e.RecordedAt
			}
			return ended(e)
		})
		want := []string{
			"OrderCreated", "StockReserved", "PaymentRequested", "StepRetryScheduled", "StepWaiting", "PaymentRequested",
			"PaymentProcessed", "ShipmentRequested", "ShipmentCreated", "OrderCompleted",
		}
		if got := w.history(orderID); !slices.Equal(got, want) || intended.Sub(down.from) != time.Minute {
			t.Errorf("%v, its second try after %v", got, intended.Sub(down.from))
		}
		if waiting := w.fold(orderID).Step(saga.ProcessPayment).Waiting; waiting != nil {
			t.Errorf("it still waits for %+v", waiting)
		}
		_ = p.stop()
	})
}
