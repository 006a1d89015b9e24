// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"flag"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/crashpoint"
)

// twice adds the full form of the crash matrix: every crash is followed by another one at each later boundary. parts and
// part divide it among processes.
var (
	twice = flag.Bool("matrix.twice", false, "crash a second time at every boundary after every crash")
	parts = flag.Int("matrix.parts", 1, "into how many parts the scenarios are divided")
	part  = flag.Int("matrix.part", 0, "which part is played, from 0 on")
)

// matrix counts what TestTheCrashMatrix has done.
type matrix struct {
	scenarios, boundaries, runs, missed atomic.Int64
}

// TestTheCrashMatrix plays every scenario once to learn the boundaries between its process and the world, and then once
// for each of them: there the process dies, the next one has nothing but store, ledger and objects, and whatever it
// makes of the order has to be legal by all rules of package verify.
func TestTheCrashMatrix(t *testing.T) {
	var m matrix
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range slices.Concat(scenarios, product()) {
			if i%*parts != *part {
				continue
			}
			m.scenarios.Add(1)
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				m.play(t, s)
			})
		}
	})
	t.Logf("%d scenarios, %d boundaries, %d crashes; %d boundaries were not reached again",
		m.scenarios.Load(), m.boundaries.Load(), m.runs.Load(), m.missed.Load())
	if *parts == 1 && m.scenarios.Load() < 80 {
		t.Error("fewer than 80 scenarios")
	}
	if m.missed.Load()*50 > m.runs.Load() {
		t.Error("more than 2% of the crashes did not come about")
	}
}

func (m *matrix) play(t *testing.T, s scenario) {
	t.Helper()
	names := m.run(t, s)
	m.boundaries.Add(int64(len(names)))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			after := m.run(t, s, name)
			if !*twice || t.Failed() {
				return
			}
			for _, second := range after[slices.Index(after, name)+1:] {
				m.run(t, s, name, second)
			}
		})
	}
}

// run plays the scenario, has its processes die at the boundaries, and returns all boundaries that were crossed.
func (m *matrix) run(t *testing.T, s scenario, dying ...string) (names []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, s.book())
		w.points = crashpoint.New(dying...)
		s.live(w)
		names = w.points.Names()
		w.audit()
		if len(dying) == 0 {
			w.monitor()
		}
		if s.history != "" {
			s.checkAfterCrash(w)
		}
		if t.Failed() {
			t.Logf("after a death at %q: %s\n%s", dying, strings.Join(w.history(orderID), " "), strings.Join(names, "\n"))
		}
		m.missed.Add(int64(w.points.Missed()))
	})
	m.runs.Add(int64(len(dying)))
	return names
}

// live plays the scenario to its rest, with one process after the other.
func (s scenario) live(w *world) {
	w.t.Helper()
	deadline := time.Now().Add(s.deadline)
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.rest(w)
	}()
	var processes []*process
	defer func() {
		for _, p := range processes {
			_ = p.stop()
		}
	}()
	for {
		again := s
		if s.deadline != 0 {
			again.deadline = max(time.Until(deadline), time.Millisecond)
		}
		p := again.begin(w)
		processes = append(processes, p)
		select {
		case <-w.points.Died():
			p.cancel()
		case <-over:
			return
		}
	}
}

// audit holds the world's store against its providers' books, by all rules. The world is at rest.
func (w *world) audit() {
	w.t.Helper()
	w.demand(slices.Concat(verify.Always(), verify.AtRest())...)
}

// demand is audit by some of the rules.
func (w *world) demand(rules ...verify.Rule) {
	w.t.Helper()
	events := w.events("")
	log := func(yield func(*eventcore.Event, error) bool) {
		for i := range events {
			if !yield(&events[i], nil) {
				return
			}
		}
	}
	found, err := verify.Check(log, verify.Options{StoreID: storeID.String()}, verify.Evidence{
		Movements: w.book.movements(), Now: time.Now(), Grace: time.Minute,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, violation := range found {
		if slices.Contains(rules, violation.Rule) {
			w.t.Error(violation)
		}
	}
}

// monitor has the checker run as the projection that it is in production. It must find nothing, and forget all.
func (w *world) monitor() {
	w.t.Helper()
	monitor := verify.NewMonitor(verify.MonitorOptions{StoreID: storeID.String()})
	projector, err := eventcore.NewProjector(w.t.Context(), w.store, registry, monitor.Projection(), eventcore.ProjectorOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := projector.CatchUp(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	overdue, err := verify.Overdue(projector.Documents(), time.Now(), time.Minute)
	if counts := monitor.Counts(); len(counts) > 0 || len(overdue) > 0 || err != nil {
		w.t.Errorf("the monitor counts %v, overdue are %v, %v", counts, overdue, err)
	}
	open := 0
	for key := range projector.Documents() {
		if strings.HasPrefix(key, "order/") {
			open++
		}
	}
	if ended := w.fold(orderID).Outcome != ""; ended && open > 0 {
		w.t.Errorf("the monitor keeps an order that has ended")
	}
}

// movements are the entries of the book as a witness has them.
func (b *book) movements() iter.Seq2[verify.Movement, error] {
	names := map[kind]verify.Kind{
		charge: verify.Charge, authorize: verify.Authorize, capture: verify.Capture, void: verify.Void, refund: verify.Refund,
		ship: verify.Shipment, withdraw: verify.Cancellation,
	}
	states := map[string]verify.State{"done": verify.Done, "refused": verify.Refused, "fenced": verify.Fenced}
	entries := b.clone().entries
	return func(yield func(verify.Movement, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			e := entries[key]
			if e.kind == inspect {
				continue // moves neither money nor goods
			}
			m := verify.Movement{
				Kind: names[e.kind], Key: key, Correlation: e.correlation, State: states[e.state], Requests: e.requests,
			}
			if e.kind != ship && e.kind != withdraw && m.State == verify.Done {
				m.Amount = total
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

// TestAnOrderThatIsCancelledWhileItsTokenIsReadIsNotCharged has time pass between the look at the order and the
// decision: the look is only a hint.
func TestAnOrderThatIsCancelledWhileItsTokenIsReadIsNotCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scenario{verbs: []moment{{"StockReserved", time.Second, cancelOrder}}}
		w := newWorld(t, s.book())
		w.reading = 3 * time.Second
		p := s.begin(w)
		s.rest(w)
		w.audit()
		if history := w.history(orderID); slices.Contains(history, "PaymentRequested") {
			t.Errorf("took the way %v", history)
		}
		_ = p.stop()
	})
}
