// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Options configure Guards.
type Options struct {
	// Clock tells the time. Required.
	Clock func() time.Time
	// Wake is called when an order's turn has come: it should Enter soon, or Leave. Required.
	Wake func(saga.OrderID)
}

// Guards are the guards of all providers of a service, by their names.
type Guards struct {
	options Options

	mu        sync.Mutex
	providers map[string]*provider
	// places are those of the orders that wait, or were woken and have not come yet.
	places  map[saga.OrderID]*place
	changed func(name string)
	closed  bool
}

// New returns guards of providers that all work.
func New(options Options) *Guards {
	return &Guards{options: options, providers: map[string]*provider{}, places: map[saga.OrderID]*place{}}
}

// Result is how a call has ended, as far as the provider's health goes.
type Result int

// The results.
const (
	// NotAsked says that the provider was not called after all.
	NotAsked Result = iota
	// Answered says that the provider did its work: a refusal is an answer too.
	Answered
	// Failed says that the provider did not answer, or that it can't work.
	Failed
)

// Permit is the right to call a provider once.
type Permit struct {
	guards *Guards
	lane   *lane
	epoch  int
	done   bool
}

// Wait says that an order may not call now.
type Wait struct {
	// State is that of the circuit; if it is Closed there is no room.
	State State
	// Since is when the order came to wait.
	Since time.Time
}

// Enter returns a permit to call the provider now, or nil and how the order waits: it is woken when its turn has come.
// Settings with another Revision, or any other difference, apply from now on.
func (g *Guards) Enter(id saga.OrderID, name string, class Class, settings Settings) (permit *Permit, wait Wait) {
	if g.waitsElsewhere(id, name, class) {
		g.Leave(id)
	}
	g.with(name, &settings, func(p *provider, now time.Time) bool {
		lane, at := p.lanes[class], g.places[id]
		switch {
		case at != nil:
			permit = at.permit
		case lane.first() == nil:
			permit = lane.take(now)
		}
		if permit != nil {
			permit.guards = g
			delete(g.places, id)
			return false
		}
		if at == nil {
			at = &place{order: id, lane: lane, class: class, since: now}
			lane.queue = append(lane.queue, at)
			g.places[id] = at
		}
		wait = Wait{State: lane.circuit.state(), Since: at.since}
		return false
	})
	return permit, wait
}

func (g *Guards) waitsElsewhere(id saga.OrderID, name string, class Class) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	place := g.places[id]
	return place != nil && (place.class != class || place.lane.provider.name != name)
}

// Waits reports whether the order waits, or was woken and has not come yet.
func (g *Guards) Waits(id saga.OrderID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.places[id] != nil
}

// Leave takes an order out of the queue, because it has nothing to call any more.
func (g *Guards) Leave(id saga.OrderID) {
	g.mu.Lock()
	place := g.places[id]
	if place == nil {
		g.mu.Unlock()
		return
	}
	name := place.lane.provider.name
	g.leave(place)
	g.mu.Unlock()
	g.with(name, nil, func(*provider, time.Time) bool { return false })
}

// Done says how the call has ended. Only the first time counts.
func (p *Permit) Done(result Result) {
	g, name := p.guards, p.lane.provider.name
	g.with(name, nil, func(_ *provider, now time.Time) bool { return p.end(result, now) })
}

func (p *Permit) end(result Result, now time.Time) (changed bool) {
	if p.done {
		return false
	}
	p.done = true
	p.lane.room.ReleasePermit()
	return p.lane.circuit.end(p.epoch, result, now)
}

// leave gives a place up, and the permit that may have come with it. g.mu is held.
func (g *Guards) leave(place *place) {
	place.left = true
	delete(g.places, place.order)
	if place.permit != nil {
		place.permit.end(NotAsked, g.options.Clock())
	}
}

// with lets time pass for the provider, which it creates or configures if there are settings, calls do, then lets those
// pass who may now, and tells who has to know. do reports whether it has changed a circuit.
func (g *Guards) with(name string, settings *Settings, do func(p *provider, now time.Time) (changed bool)) {
	g.mu.Lock()
	now := g.options.Clock()
	p, changed := g.find(name, settings, now)
	if p == nil || g.closed {
		g.mu.Unlock()
		return
	}
	changed = p.tick(now) || changed
	changed = do(p, now) || changed
	wake := p.dispatch(now)
	g.arm(p, now)
	tell := g.changed
	g.mu.Unlock()
	for _, id := range wake {
		g.options.Wake(id)
	}
	if changed && tell != nil {
		tell(name)
	}
}

// find returns the provider, configured as wanted. g.mu is held.
func (g *Guards) find(name string, settings *Settings, now time.Time) (p *provider, changed bool) {
	p = g.providers[name]
	if settings == nil {
		return p, false
	}
	wanted := settings.WithDefaults()
	switch {
	case p == nil:
		p = newProvider(name, wanted, now)
		g.providers[name] = p
	case p.settings != wanted:
		p.configure(wanted, now)
		return p, true
	}
	return p, false
}

// arm sets the provider's timer. g.mu is held.
func (g *Guards) arm(p *provider, now time.Time) {
	if p.timer != nil {
		p.timer.Stop()
	}
	if next := p.next(now); !next.IsZero() {
		p.timer = time.AfterFunc(next.Sub(now), func() { g.Look(p.name) })
	}
}

// Close stops all timers. Nobody may enter any more.
func (g *Guards) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, p := range g.providers {
		if p.timer != nil {
			p.timer.Stop()
		}
	}
}
