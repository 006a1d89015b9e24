// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Circuit is the state of a circuit, and since when.
type Circuit struct {
	State State
	Since time.Time
}

// Circuits are those of a provider.
type Circuits struct{ Undoing, LookingUp, Acting Circuit }

// Worst returns the circuit that lets the least pass, the oldest of those.
func (c Circuits) Worst() Circuit {
	worst := c.Acting
	for _, other := range []Circuit{c.LookingUp, c.Undoing} {
		if d := severity[other.State] - severity[worst.State]; d > 0 || d == 0 && other.Since.Before(worst.Since) {
			worst = other
		}
	}
	return worst
}

// Of returns the circuit of the class.
func (c Circuits) Of(class Class) Circuit {
	return [...]Circuit{Undoing: c.Undoing, LookingUp: c.LookingUp, Acting: c.Acting}[class]
}

var severity = map[State]int{Closed: 0, HalfOpen: 1, Open: 2}

// Watch has told called with the provider's name whenever one of its circuits has changed. There is one who watches; nil for nobody.
func (g *Guards) Watch(told func(name string)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changed = told
}

// Configure applies the settings, as Enter does, and returns the provider's circuits.
func (g *Guards) Configure(name string, settings Settings) (circuits Circuits) {
	g.with(name, &settings, func(p *provider, _ time.Time) bool {
		circuits = p.circuits()
		return false
	})
	return circuits
}

// All returns the circuits of all providers that were called or configured, by their names.
func (g *Guards) All() map[string]Circuits {
	g.mu.Lock()
	defer g.mu.Unlock()
	circuits := make(map[string]Circuits, len(g.providers))
	for name, p := range g.providers {
		circuits[name] = p.circuits()
	}
	return circuits
}

// Reset closes the provider's circuits, because what has failed may work now. The orders that wait for it are woken, as many
// as there is room for.
func (g *Guards) Reset(name string) {
	g.with(name, nil, func(p *provider, now time.Time) bool {
		p.configure(p.settings, now)
		return true
	})
}

// Look lets time pass for the provider: circuits half-open, and orders are woken whose turn has come. It happens by
// itself; who has turned the clock may call it.
func (g *Guards) Look(name string) {
	g.with(name, nil, func(*provider, time.Time) bool { return false })
}

// Forget drops a provider that is gone. The orders that wait for it are woken.
func (g *Guards) Forget(name string) {
	g.mu.Lock()
	p := g.providers[name]
	delete(g.providers, name)
	var wake []saga.OrderID
	if p != nil {
		if p.timer != nil {
			p.timer.Stop()
		}
		for id, place := range g.places {
			if place.lane.provider == p {
				g.leave(place)
				wake = append(wake, id)
			}
		}
	}
	g.mu.Unlock()
	for _, id := range wake {
		g.options.Wake(id)
	}
}

func (p *provider) circuits() Circuits {
	of := func(class Class) Circuit {
		circuit := p.lanes[class].circuit
		return Circuit{State: circuit.state(), Since: circuit.since}
	}
	return Circuits{Undoing: of(Undoing), LookingUp: of(LookingUp), Acting: of(Acting)}
}
