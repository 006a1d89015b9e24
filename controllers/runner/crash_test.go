// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// record plays the scenario and returns its log.
func record(t *testing.T, s scenario) []eventcore.Event {
	t.Helper()
	w := newWorld(t, s.book())
	p := s.begin(w)
	s.rest(w)
	_ = p.stop()
	return w.events("")
}

// restore puts the first events of the log into the world.
func (w *world) restore(log []eventcore.Event) {
	w.t.Helper()
	for _, event := range log {
		request := eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{event}}
		if _, err := w.store.Append(w.t.Context(), request); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestAnOrderEndsTheSameHoweverOftenItsProcessesCrash kills every process after a few effects on the store or the
// providers, and starts the next one.
func TestAnOrderEndsTheSameHoweverOftenItsProcessesCrash(t *testing.T) {
	for _, s := range scenarios {
		for effects := 2; effects <= 7; effects++ {
			t.Run(fmt.Sprintf("%s: every %d effects", s.name, effects), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { crashEvery(t, s, effects) })
			})
		}
	}
}

func crashEvery(t *testing.T, s scenario, effects int) {
	t.Helper()
	w := newWorld(t, s.book())
	deadline := time.Now().Add(s.deadline)
	var alive atomic.Pointer[process]
	var left atomic.Int64
	killed := make(chan struct{}, 100)
	effect := func() {
		if p := alive.Load(); p != nil && left.Add(-1) == 0 {
			p.Die()
			killed <- struct{}{}
		}
	}
	w.appended, w.book.effect = func([]eventcore.Event) { effect() }, effect
	over := make(chan struct{})
	go func() { defer close(over); s.rest(w) }()
	for life := range 100 {
		left.Store(int64(effects + life%3)) // or every life might end between an intent and its call
		again := s
		if s.deadline != 0 {
			again.deadline = max(time.Until(deadline), time.Millisecond)
		}
		p := again.begin(w)
		alive.Store(p)
		select {
		case <-killed:
			alive.Store(nil)
			_ = p.stop()
		case <-over:
			alive.Store(nil)
			_ = p.stop()
			s.checkAfterCrash(w)
			return
		}
	}
	t.Errorf("not ended after 100 lives: %v", w.history(orderID))
}

// TestTwoProcessesOnOneStoreDoNothingTwice lets both compete for every step. The projection belongs to one of them: the
// other one's feed ends, as its process would, and it starts anew.
func TestTwoProcessesOnOneStoreDoNothingTwice(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, s.book())
				first, second := s.begin(w), s.begin(w)
				processes := []*process{first, second}
				over := make(chan struct{})
				go func() { defer close(over); s.rest(w) }()
				for running := true; running; {
					select {
					case <-over:
						running = false
					case <-time.After(time.Second):
						for i, p := range processes {
							select {
							case err := <-p.ended:
								if !errors.Is(err, eventcore.ErrCheckpointMoved) {
									t.Errorf("a process ended: %v", err)
								}
								p.cancel()
								processes[i] = s.begin(w)
							default:
							}
						}
					}
				}
				s.checkAfterCrash(w)
				for _, p := range processes {
					_ = p.stop()
				}
			})
		})
	}
}

// TestOrdersInEveryStateGoOnAfterARestart has one order stopped at every moment of every scenario in one store, from
// which the next process knows only the projection of open orders.
func TestOrdersInEveryStateGoOnAfterARestart(t *testing.T) {
	type stopped struct {
		scenario scenario
		log      []eventcore.Event
	}
	orders := map[saga.OrderID]stopped{}
	for i, s := range scenarios[:12] {
		var log []eventcore.Event
		synctest.Test(t, func(t *testing.T) { log = record(t, s) })
		log = slices.DeleteFunc(log, func(e eventcore.Event) bool { _, ok := saga.OrderOf(&e); return !ok })
		for k := 1; k < len(log); k++ {
			orders[saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("order-%d-%d", i, k)}] = stopped{s, log[:k]}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		w.most = 0
		before := w.begin()
		before.supply(laptop, 1000)
		before.supply(mouse, 1000)
		synctest.Wait()
		_ = before.stop()
		for id, order := range orders {
			w.restore(renamed(order.log, id))
		}
		p := w.begin()
		for id := range orders {
			w.await(id, ended)
		}
		synctest.Wait()
		for id, order := range orders {
			if folded := w.fold(id); folded.Outcome == "" && folded.Attention == nil {
				t.Errorf("%s (%s) was left open: %v", id, order.scenario.name, w.history(id))
			}
		}
		_ = p.stop()
	})
	t.Logf("%d orders", len(orders))
}

// renamed moves the events to another order.
func renamed(log []eventcore.Event, id saga.OrderID) []eventcore.Event {
	log = slices.Clone(log)
	for i := range log {
		log[i].Streams = slices.Clone(log[i].Streams)
		for j := range log[i].Streams {
			if log[i].Streams[j].Stream == orderID.Stream() {
				log[i].Streams[j].Stream = id.Stream()
			}
		}
	}
	return log
}

// TestRandomFaultsAndCrashesHarmNoOrder plays orders whose providers and processes fail at random, by seed.
func TestRandomFaultsAndCrashesHarmNoOrder(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 30
	}
	faults := []fault{fine, fine, loseReply, loseRequest, arriveLate, unavailable, hang, refuse, fine}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 1))
		s := scenario{name: fmt.Sprintf("seed %d", seed), script: map[kind][]fault{}}
		for _, k := range []kind{charge, refund, ship, withdraw} {
			for range random.IntN(4) {
				s.script[k] = append(s.script[k], faults[random.IntN(len(faults))])
			}
			s.script[k] = append(s.script[k], fine)
		}
		if random.IntN(2) == 0 {
			s.deadline = time.Duration(random.IntN(60_000)) * time.Millisecond
		}
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, newBook(s.script))
			p := s.begin(w)
			if random.IntN(2) == 0 {
				time.Sleep(time.Duration(random.IntN(30_000)) * time.Millisecond)
				p.Die()
				_ = p.stop()
				p = s.begin(w)
			}
			w.await(orderID, ended)
			time.Sleep(2 * time.Minute)
			w.audit()
			folded := w.fold(orderID)
			if reserved := w.stock(laptop).Reserved; folded.Outcome != "" && reserved != 0 {
				t.Errorf("%d laptops stay reserved", reserved)
			}
			_ = p.stop()
			if t.Failed() {
				t.Logf("%s: %+v\n%v", s.name, s.script, w.history(orderID))
			}
		})
	}
}

// TestAnOrderSurvivesTheEndOfItsProcessOnDisk closes the store while a charge hangs and opens it again.
func TestAnOrderSurvivesTheEndOfItsProcessOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	open := func() eventcore.Store {
		store, err := sqlite.Open(t.Context(), path, sqlite.Options{StoreID: storeID})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	w := &world{t: t, store: open(), book: newBook(map[kind][]fault{charge: {hang}}), gone: map[string]bool{}, timeout: time.Second}
	p := w.start()
	w.await(orderID, typed("PaymentRequested"))
	p.Die()
	_ = p.stop()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.store = open()
	p = w.begin()
	w.await(orderID, ended)
	scenarios[0].check(w)
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if err := w.store.Close(); err != nil {
		t.Error(err)
	}
}
