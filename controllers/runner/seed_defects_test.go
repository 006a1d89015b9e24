// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	inventoryengine "github.com/eventcore/order-operator/controllers/inventory/engine"
	orderengine "github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// The tests below are the defects that reading the seed's example found, (a) to (k), each as what holds here instead.

func TestSeedDefectAAShortageThatIsRecordedIsNotMistakenForSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := w.begin()
		p.supply(laptop, 10)
		p.supply(mouse, 1)
		p.accept(orderID, order("uid-1"))
		w.await(orderID, ended)
		if folded := w.fold(orderID); folded.Outcome != saga.Cancelled || folded.Reason != saga.ReasonOutOfStock ||
			folded.Message != "mouse-001: 2 ordered, 1 available" {
			t.Errorf("%s for %s: %s", folded.Outcome, folded.Reason, folded.Message)
		}
		if len(w.book.entries) != 0 {
			t.Errorf("the providers were asked: %v", w.book.entries)
		}
		_ = p.stop()
	})
}

func TestSeedDefectBAnEventInSeveralStreamsIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		w.missing("gateway/default")
		p := w.begin()
		p.supply(laptop, 10)
		p.supply(mouse, 50)
		p.accept(orderID, order("uid-1"))
		w.await(orderID, typed("StepWaiting"))
		for product, want := range map[saga.ProductID]int64{laptop: 9, mouse: 48} {
			if got, err := p.Inventory.Stock(t.Context(), product); err != nil || got.Available() != want {
				t.Errorf("%s: %+v, want %d available", product.Name, got, want)
			}
		}
		reserved := 0
		for _, event := range w.events(saga.InventoryAggregate) {
			if event.Type == "StockReserved" {
				reserved++
				if len(event.Streams) != 4 { // two products, the order and the aggregate
					t.Errorf("it belongs to %v", event.Streams)
				}
			}
		}
		if reserved != 1 {
			t.Errorf("%d events", reserved)
		}
		_ = p.stop()
	})
}

func TestSeedDefectCStockMayReachZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := w.begin()
		p.supply(laptop, 1)
		p.supply(mouse, 2)
		p.accept(orderID, order("uid-1"))
		w.await(orderID, ended)
		if folded, left := w.fold(orderID), w.stock(laptop); folded.Outcome != saga.Completed || left.Available() != 0 {
			t.Errorf("%s, %+v", folded.Outcome, left)
		}
		next := saga.OrderID{Namespace: "shop", Name: "next"}
		p.accept(next, order("uid-2"))
		w.await(next, ended)
		if folded := w.fold(next); folded.Reason != saga.ReasonOutOfStock {
			t.Errorf("the next order: %s for %s", folded.Outcome, folded.Reason)
		}
		_ = p.stop()
	})
}

func TestSeedDefectDNoOrderIsReservedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		w.appended = func(events []eventcore.Event) {
			for _, event := range events {
				if event.Type == "StockReserved" {
					t.Errorf("reserved: %s", event.Data)
				}
			}
		}
		p := scenarios[1].begin(w)
		w.await(orderID, ended)
		scenarios[1].check(w)
		_ = p.stop()
	})
}

func TestSeedDefectEARefusedShipmentGivesMoneyAndStockBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{ship: {refuse}}))
		p := w.start()
		w.await(orderID, ended)
		if folded := w.fold(orderID); folded.Refunded != total || w.stock(laptop).Available() != 10 {
			t.Errorf("refunded %v, stock %+v", folded.Refunded, w.stock(laptop))
		}
		_ = p.stop()
	})
}

func TestSeedDefectFCommandsAreCheckedAndMayBeRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, s := range []scenario{scenarios[0], scenarios[3]} {
			w := newWorld(t, newBook(s.script))
			p := s.begin(w)
			repeat := func(when string) {
				lines, now := order("").Lines, time.Now().Add(24*time.Hour)
				for _, command := range []eventcore.Command{
					inventoryengine.ReserveStock{Order: orderID, Lines: lines, Now: now},
					inventoryengine.ReleaseStock{Order: orderID, Lines: lines, Now: now},
					orderengine.Advance{Order: orderID, Lines: lines, Now: now},
				} {
					receipt, err := p.Executor.Execute(t.Context(), command)
					if err != nil || len(receipt.Events) != 0 {
						t.Errorf("%s: %T again: %d events (%v)", when, command, len(receipt.Events), err)
					}
				}
			}
			w.await(orderID, ended)
			synctest.Wait()
			repeat("after the end")
			other := orderID
			orderID.Name = "no-such-order"
			repeat("without an order")
			orderID = other
			s.check(w)
			_ = p.stop()
		}
	})
}

func TestSeedDefectGADecisionThatIsMadeAgainAfterAConflictIsTheSame(t *testing.T) {
	for _, s := range scenarios {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, s.book())
			var count atomic.Int64
			w.appending = func(eventcore.AppendRequest) error {
				if count.Add(1)%3 != 0 {
					return &eventcore.ConflictError{}
				}
				return nil
			}
			p := s.begin(w)
			s.rest(w)
			if got := strings.Join(w.history(orderID), " "); got != s.history {
				t.Errorf("%s: took the way\n%s, want\n%s", s.name, got, s.history)
			}
			s.check(w)
			_ = p.stop()
		})
	}
}

func TestSeedDefectHAggregateStreamsSerialiseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		w.appending = func(request eventcore.AppendRequest) error {
			for _, guard := range request.Guards {
				if slices.Contains(saga.AggregateStreams(), guard.Stream) {
					t.Errorf("an append is guarded by %s", guard.Stream)
				}
			}
			return nil
		}
		p := w.begin()
		p.supply(laptop, 100)
		p.supply(mouse, 200)
		for i := range 100 {
			p.accept(saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("order-%d", i)}, order("uid-1"))
		}
		for i := range 100 {
			w.await(saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("order-%d", i)}, ended)
		}
		if stock := w.stock(laptop); stock.Shipped != 100 || stock.Available() != 0 || stock.Reserved != 0 {
			t.Errorf("%+v", stock)
		}
		_ = p.stop()
	})
}

func TestSeedDefectIACrashMidwayLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{charge: {hang}}))
		p := w.start()
		w.await(orderID, typed("PaymentRequested"))
		p.Die()
		_ = p.stop()
		if got := w.history(orderID); got[len(got)-1] != "PaymentRequested" {
			t.Errorf("it died after %v", got)
		}
		p = w.begin()
		w.await(orderID, ended)
		scenarios[0].check(w)
		_ = p.stop()
	})
}

// TestSeedDefectJServicesMeetInTheStoreAlone has each service in a process of its own.
func TestSeedDefectJServicesMeetInTheStoreAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{ship: {refuse}}))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		var orders *runner.Services
		for i := range 4 {
			services, err := runner.NewServices(ctx, w.store, runner.ServicesOptions{
				Gateways: gateways{&process{world: w}}, Carriers: carriers{&process{world: w}}, Tokens: tokens{w},
				Report: func(_ saga.OrderID, err error) { t.Error(err) },
			})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				orders = services
			}
			step := []func(context.Context, saga.OrderID) (time.Time, error){
				services.Order.Step, services.Inventory.Step, services.Payment.Step, services.Shipping.Step,
			}[i]
			running.Go(func() {
				defer services.Close()
				for _, err := range w.store.Subscribe(ctx, 0, eventcore.Filter{}) {
					if err != nil {
						return
					}
					if _, err := step(t.Context(), orderID); err != nil {
						t.Error(err)
					}
				}
			})
		}
		supplier := &process{world: w, Runner: &runner.Runner{Services: orders}}
		supplier.supply(laptop, 10)
		supplier.supply(mouse, 50)
		supplier.accept(orderID, order("uid-1"))
		w.await(orderID, ended)
		if got := strings.Join(w.history(orderID), " "); got != scenarios[3].history {
			t.Errorf("took the way %s", got)
		}
		scenarios[3].check(w)
		cancel()
		running.Wait()
	})
}

func TestSeedDefectKAHalfDoneOrderGoesOnWhenItIsSubmittedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		w.missing("carrier/default")
		p := w.start()
		w.await(orderID, typed("StepWaiting"))
		p.Die()
		_ = p.stop()
		w.missing()
		p = w.start() // supplies and submits again
		w.await(orderID, ended)
		scenarios[0].check(w)
		if got := w.history(orderID); slices.Contains(got, "OrderAttached") || got[len(got)-1] != "OrderCompleted" {
			t.Errorf("%v", got)
		}
		_ = p.stop()
	})
}
