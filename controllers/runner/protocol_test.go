// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// fromPayment is the rest of the way of an order whose payment is requested again.
var fromPayment = strings.TrimPrefix(success, "OrderCreated StockReserved ")

func (w *world) expectHistory(want string) {
	w.t.Helper()
	if got := strings.Join(w.history(orderID), " "); got != want {
		w.t.Errorf("took the way\n%s, want\n%s", got, want)
	}
}

func TestACallerThatIsHeldUpPastItsDeadlineDoesNotCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		var held atomic.Bool
		w.appended = func(events []eventcore.Event) {
			if events[0].Type == "PaymentRequested" && held.CompareAndSwap(false, true) {
				time.Sleep(11 * time.Second) // the caller gave itself ten
			}
		}
		p := w.start()
		w.await(orderID, ended)
		w.expectHistory(toPayment + "StepRetryScheduled " + fromPayment)
		if asked := w.book.clone().asked[charge]; asked != 1 {
			t.Errorf("the gateway was asked %d times", asked)
		}
		scenarios[0].check(w)
		_ = p.stop()
	})
}

func TestAFenceThatAnotherProcessPutUpIsNoRefusalOfTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{charge: {overtaken}, ship: {overtaken}}))
		p := w.start()
		w.await(orderID, ended)
		w.expectHistory(toPayment + "StepRetryScheduled PaymentRequested PaymentProcessed " +
			"ShipmentRequested StepRetryScheduled ShipmentRequested ShipmentCreated OrderCompleted")
		scenarios[0].check(w)
		_ = p.stop()
	})
}

func TestAFenceThatIsRefusedLeavesTheOutcomeUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{charge: {loseRequest}}))
		correlation := storeID.String() + "/shop/order-001/1"
		w.book.sought = func(key string) { // the request arrives between the look-up and the fence
			_ = w.book.arrive(charge, key, correlation, fine)
		}
		p := w.start()
		w.await(orderID, ended)
		w.expectHistory(toPayment + "OutcomeUnknown " +
			"OutcomeUnknown PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted")
		scenarios[0].check(w)
		_ = p.stop()
	})
}

func TestTwoProcessesThatLookTheSameCallUpRecordItOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{charge: {hang}}))
		w.book.looking = func() { time.Sleep(time.Second) } // long enough for both
		p := w.start()
		w.await(orderID, typed("PaymentRequested"))
		synctest.Wait() // until the charge hangs
		p.Die()
		_ = p.stop()
		first, second := w.begin(), w.begin()
		w.await(orderID, ended)
		time.Sleep(time.Minute)
		w.expectHistory(toPayment + "PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted")
		scenarios[0].check(w)
		_, _ = first.stop(), second.stop()
	})
}

func TestAnOrderThatHasEndedMeanwhileDoesNotBeginToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		w.missing("order/uid-1")
		w.reading = 10 * time.Second
		p := scenario{deadline: 5 * time.Second}.begin(w)
		w.await(orderID, ended)
		time.Sleep(time.Minute)
		w.expectHistory("OrderCreated StockReserved " + turnLate + undoStock)
		_ = p.stop()
	})
}

func TestAStoreThatFailsForAWhileLosesNothing(t *testing.T) {
	for _, s := range scenarios {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, s.book())
			var failing atomic.Bool
			var count atomic.Int64
			w.appending = func(eventcore.AppendRequest) error {
				if !failing.Load() {
					return nil
				}
				switch count.Add(1) % 4 {
				case 1:
					return errors.New("the disk is full")
				case 3:
					return eventcore.ErrOutcomeUnknown
				}
				return nil
			}
			p := s.begin(w)
			failing.Store(true)
			s.rest(w)
			s.checkAfterCrash(w)
			_ = p.stop()
		})
	}
}

func TestRunEndsWithItsContextAndSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		if err := w.begin().stop(); err != nil {
			t.Errorf("a runner that had hardly begun: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := feed.New(w.store).Run(ctx); err != nil {
			t.Errorf("a feed that could not begin: %v", err)
		}
	})
}

func TestAFeedTellsOfEveryOrderAndProductThatAnEventTouches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		f := feed.New(w.store)
		var orders []saga.OrderID
		var products []saga.ProductID
		sweeps := 0
		var mu sync.Mutex
		unsubscribe := f.Subscribe(func(touched feed.Touched) {
			mu.Lock()
			defer mu.Unlock()
			orders, products = append(orders, touched.Orders...), append(products, touched.Products...)
			if touched.Swept {
				sweeps++
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.Run(ctx) }()
		synctest.Wait()
		services, err := runner.NewServices(t.Context(), w.store, runner.ServicesOptions{
			Gateways: gateways{&process{world: w}}, Carriers: carriers{&process{world: w}}, Tokens: tokens{w},
			Report: func(_ saga.OrderID, err error) { t.Error(err) },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer services.Close()
		p := &process{world: w, Runner: &runner.Runner{Services: services}}
		p.supply(laptop, 10)
		p.accept(orderID, order("uid-1"))
		synctest.Wait()
		if !slices.Equal(orders, []saga.OrderID{orderID}) || !slices.Equal(products, []saga.ProductID{laptop}) {
			t.Errorf("touched %v and %v", orders, products)
		}
		if open, err := f.OpenOrders(); err != nil || len(open) != 1 {
			t.Errorf("open: %v (%v)", open, err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if sweeps != 7 || len(orders) != 7 { // at the start, when there was none, and every ten minutes
			t.Errorf("%d sweeps told of %v", sweeps, orders)
		}
		unsubscribe()
		f.Later(orderID, time.Second)
		time.Sleep(time.Minute)
		if len(orders) != 7 {
			t.Errorf("told after the end: %v", orders)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
