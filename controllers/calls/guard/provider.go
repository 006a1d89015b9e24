// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"

	"github.com/eventcore/order-operator/controllers/saga"
)

// provider is what is known of one provider.
type provider struct {
	name     string
	settings Settings
	lanes    [len(classes)]*lane
	rate     *rate
	timer    *time.Timer
}

// lane is where the calls of a class pass.
type lane struct {
	provider *provider
	circuit  *circuit
	room     bulkhead.Bulkhead[any]
	// queue holds the orders that wait, the first one first, and some that don't any more.
	queue []*place
}

// place is that of an order in a queue, or at its head with a permit.
type place struct {
	order  saga.OrderID
	lane   *lane
	class  Class
	since  time.Time
	permit *Permit
	left   bool
}

func newProvider(name string, settings Settings, now time.Time) *provider {
	p := &provider{name: name}
	p.configure(settings, now)
	return p
}

// configure begins anew with other settings; the queues stay. Calls that are under way belong to what was before.
func (p *provider) configure(settings Settings, now time.Time) {
	p.settings, p.rate = settings, newRate(settings)
	for _, class := range classes {
		before := p.lanes[class]
		p.lanes[class] = &lane{
			provider: p, circuit: newCircuit(settings, now), room: bulkhead.New[any](count(settings.room(class))),
		}
		if before == nil {
			continue
		}
		p.lanes[class].queue, before.queue = before.queue, nil
		for _, place := range p.lanes[class].queue {
			place.lane = p.lanes[class]
		}
	}
}

// take returns a permit if a call may be made now.
func (l *lane) take(now time.Time) *Permit {
	if !l.circuit.admits() || !l.room.TryAcquirePermit() {
		return nil
	}
	if !l.provider.rate.take(now) {
		l.room.ReleasePermit()
		return nil
	}
	return &Permit{lane: l, epoch: l.circuit.begin()}
}

// first returns the first of the queue, nil if nobody waits.
func (l *lane) first() *place {
	for len(l.queue) > 0 && l.queue[0].left {
		l.queue = l.queue[1:]
	}
	if len(l.queue) == 0 {
		return nil
	}
	return l.queue[0]
}

// dispatch gives permits to those who wait, as far as they go, and returns whom to wake.
func (p *provider) dispatch(now time.Time) []saga.OrderID {
	var wake []saga.OrderID
	for _, lane := range p.lanes {
		for first := lane.first(); first != nil; first = lane.first() {
			if first.permit = lane.take(now); first.permit == nil {
				break
			}
			lane.queue = lane.queue[1:]
			wake = append(wake, first.order)
		}
	}
	return wake
}

// tick half-opens the circuits whose time has come, and reports whether there are any.
func (p *provider) tick(now time.Time) (changed bool) {
	for _, lane := range p.lanes {
		changed = lane.circuit.tick(now) || changed
	}
	return changed
}

// next returns when something changes by itself after now, the zero time for never.
func (p *provider) next(now time.Time) (next time.Time) {
	for _, at := range [...]time.Time{
		p.rate.waits(), p.lanes[Undoing].circuit.until, p.lanes[LookingUp].circuit.until, p.lanes[Acting].circuit.until,
	} {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}
