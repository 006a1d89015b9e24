// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"encoding/binary"
	"io"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// afterwards is how long orders may take to end when the faults have: longer than any deadline, back-off and grace.
const afterwards = 4 * time.Hour

// tick is how much time passes between two things that happen. What begins at different moments then ends at different
// moments: deadlines are as coarse as microseconds.
const tick = 7 * time.Microsecond

// Options say what is simulated.
type Options struct {
	// Seed decides everything. Orders is how many there are.
	Seed   uint64
	Orders int
	// Trace is told of everything that happens, if it is not nil.
	Trace io.Writer
}

// World is everything that a run consists of. It must be made and used in a bubble of testing/synctest.
type World struct {
	*scheduler

	options Options
	plan    Plan
	// faults are those of the moment.
	faults faults
	calm   bool

	server        *server
	store         *memory.Store
	bank, carrier *book
	// apiDown, storeDown and providersDown are set during outages.
	apiDown, storeDown, providersDown bool

	slots   [2]*process
	all     []*process
	started int
	counts  map[string]int
	people  people
	// folds are the orders as far as somebody has asked for them.
	folds map[saga.OrderID]saga.Order
}

// count notes that something has come about.
func (w *World) count(what string) { w.counts[what]++ }

// NewWorld draws a world from the seed.
func NewWorld(options Options) *World {
	w := &World{
		scheduler: newScheduler(options.Seed, options.Trace), options: options, server: newServer(), bank: newBook(), carrier: newBook(),
		counts: map[string]int{}, folds: map[saga.OrderID]saga.Order{},
	}
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], options.Seed)
	id[0] = 1
	w.store = memory.New(memory.Options{StoreID: id})
	w.plan = newPlan(w.random)
	w.faults = w.plan.faults
	w.people.world = w
	return w
}

// Result is what a run has come to.
type Result struct {
	Seed uint64
	Plan Plan
	// Violations are what is wrong at the end, empty if nothing is.
	Violations []string
	// Digest is of everything that has happened, in its order, and Happened counts it.
	Digest   uint64
	Happened int
	// Events counts those of the log, Span is how much time has passed in the world.
	Events int
	Span   time.Duration
	// Counts tell how often what has come about: faults, events, decisions and ends of orders.
	Counts map[string]int
}

// Run plays the whole world to its end and judges it.
func (w *World) Run() Result {
	w.begin()
	w.until(time.Now().Add(w.plan.span), nil)
	w.heal()
	over := time.Now().Add(afterwards)
	for !w.over() && time.Now().Before(over) {
		w.people.decide(true)
		w.until(time.Now().Add(5*time.Second), nil)
	}
	violations := w.rest()
	violations = append(violations, w.judge()...)
	w.tally()
	result := Result{
		Seed: w.options.Seed, Plan: w.plan, Violations: violations, Digest: w.sum(), Happened: w.happened,
		Events: w.events(), Span: time.Since(w.began).Round(time.Second), Counts: w.counts,
	}
	w.end()
	return result
}

// until lets things happen until the time, or until stop says so.
func (w *World) until(end time.Time, stop func() bool) {
	var ready []*request
	for {
		time.Sleep(tick)
		synctest.Wait()
		w.reap()
		if w.due() {
			continue
		}
		if !time.Now().Before(end) || stop != nil && stop() {
			return
		}
		var next time.Time
		ready, next = w.eligible(ready[:0])
		if next.IsZero() || next.After(end) {
			next = end
		}
		w.step(ready, next)
	}
}

// step lets one thing happen, or time pass.
func (w *World) step(ready []*request, next time.Time) {
	choices := len(ready)
	queues, behind := w.work()
	choices += len(queues) + len(behind)
	if choices == 0 {
		w.scheduler.rest(next)
		return
	}
	if w.chance(0.01) {
		time.Sleep(w.between(0, 2*time.Second))
		return
	}
	switch choice := w.random.IntN(choices); {
	case choice < len(ready):
		w.proceed(ready[choice])
	case choice < len(ready)+len(queues):
		queues[choice-len(ready)].handOut(w.scheduler)
	default:
		behind[choice-len(ready)-len(queues)].hear(w.scheduler)
	}
}

// work returns the queues that have work for somebody, and the informers that have something to hear.
func (w *World) work() (queues []*queue, behind []*informer) {
	for _, p := range w.slots {
		if p == nil || p.paused || p.isDead() {
			continue
		}
		for _, q := range p.workQueues() {
			if q.ready() {
				queues = append(queues, q)
			}
		}
		for _, k := range allKinds {
			if i := p.informers[k]; i.behind() {
				behind = append(behind, i)
			}
		}
	}
	return queues, behind
}

// begin puts on the agenda what the plan wants.
func (w *World) begin() {
	w.people.begin()
	w.start(0)
	at := func() time.Duration { return w.between(0, w.plan.span) }
	for range w.plan.crashes {
		w.after(at(), "crash", func() { w.crash(w.random.IntN(len(w.slots))) })
	}
	for range w.plan.overlaps {
		w.after(at(), "overlap", func() { w.start(1) })
	}
	for range w.plan.pauses {
		w.after(at(), "pause", w.pause)
	}
	for range w.plan.brokenWatches {
		w.after(at(), "break a watch", w.breakWatch)
	}
	w.outages(w.plan.storeOutages, "the store", 10*time.Second, &w.storeDown)
	w.outages(w.plan.apiOutages, "the API server", 20*time.Second, &w.apiDown)
	w.outages(w.plan.providerOutages, "the providers", 30*time.Second, &w.providersDown)
}

func (w *World) outages(number int, of string, longest time.Duration, down *bool) {
	for range number {
		w.after(w.between(0, w.plan.span), "outage of "+of, func() {
			if w.calm {
				return
			}
			*down = true
			w.after(w.between(500*time.Millisecond, longest), "end of an outage of "+of, func() { *down = false })
		})
	}
}

// heal ends all faults: one process is left, and everything that orders wait for is there.
func (w *World) heal() {
	w.note("heal")
	w.calm, w.faults = true, faults{}
	w.apiDown, w.storeDown, w.providersDown = false, false, false
	w.hurry()
	for slot, p := range w.slots {
		if p == nil {
			continue
		}
		p.paused = false
		p.faults.Heal()
		for _, i := range p.informers {
			i.broken = time.Time{}
		}
		if slot > 0 {
			p.crash()
		}
	}
	w.start(0)
	w.people.provideAll()
}

// end ends all processes and waits until nothing of them is left.
func (w *World) end() {
	for _, p := range w.all {
		p.crash()
	}
	for _, p := range w.all {
		<-p.ended
	}
	_ = w.store.Close()
}
