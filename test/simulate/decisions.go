// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// patience is how often people have something tried again before they see to it themselves.
const patience = 2

// decide has people answer what they are asked, truly: after a look at the provider's books. Before the end they only
// have things tried again.
func (p *people) decide(finally bool) {
	table := p.world.server.tables[orders].objects
	for _, name := range names(table) {
		order := table[name].(*commercev1.Order) //nolint:forcetypeassert // of this table
		position := order.Status.Attention.Position
		if position == 0 || order.Spec.Resolution.AttentionPosition == position {
			continue
		}
		resolution := p.answer(saga.OrderID{Namespace: name.Namespace, Name: name.Name}, position, finally)
		if resolution == nil {
			continue
		}
		p.world.count("decision " + string(resolution.Action))
		resolution.AttentionPosition, resolution.Actor, resolution.Reason = position, "ada", "Seen to"
		p.change(name.Name, func(o *commercev1.Order) { o.Spec.Resolution = *resolution })
	}
}

// answer returns what to do about a question, nil if it is not the open one.
func (p *people) answer(id saga.OrderID, position int64, finally bool) *commercev1.OrderResolution {
	order := p.world.fold(id)
	a := order.Attention
	if a == nil || int64(a.Position) != position {
		return nil
	}
	if a.Reason == saga.ReasonHappenedTwice {
		return &commercev1.OrderResolution{Action: commercev1.ResolutionSkip}
	}
	b, call := p.world.bookOf(a), callOf(order, a)
	entry := b.entries[call.Last.Key]
	switch happened := entry != nil && entry.State == verify.Done; {
	case !finally || !happened && p.tries[id] <= patience:
		p.tries[id]++
		return &commercev1.OrderResolution{Action: commercev1.ResolutionRetry}
	case happened:
		return &commercev1.OrderResolution{Action: commercev1.ResolutionForce, Reference: entry.reference}
	case a.Undo, a.Reason == saga.ReasonOutcomeUnknown: // done by hand, or surely not happened and never to
		if call.Last.Key != "" {
			_ = b.fence(call.Last.Key)
		}
		return &commercev1.OrderResolution{Action: commercev1.ResolutionSkip}
	case a.Reason == saga.ReasonShippedUnpaid:
		return &commercev1.OrderResolution{Action: commercev1.ResolutionForce, Reference: "paid otherwise"}
	}
	return &commercev1.OrderResolution{Action: commercev1.ResolutionRetry}
}

func (w *World) bookOf(a *saga.Attention) *book {
	if a.Step == saga.CreateShipment {
		return w.carrier
	}
	return w.bank
}

func callOf(order saga.Order, a *saga.Attention) saga.CallStatus {
	if a.Undo {
		return order.Step(a.Step).Undo
	}
	return order.Step(a.Step).Forward
}

// fold returns the order as recorded.
func (w *World) fold(id saga.OrderID) saga.Order {
	order := w.folds[id]
	query := eventcore.Query{After: order.Position, Filter: eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}}}
	for event, err := range w.log(query) {
		if err != nil {
			panic(err) // what this process has written
		}
		order = order.Apply(id.Stream(), event)
	}
	w.folds[id] = order
	return order
}

var registry = saga.NewRegistry()

// log yields the decoded events of the store.
func (w *World) log(query eventcore.Query) func(func(*eventcore.Event, error) bool) {
	return func(yield func(*eventcore.Event, error) bool) {
		for event, err := range w.store.Read(context.Background(), query) {
			if err == nil {
				err = registry.Decode(&event)
			}
			if !yield(&event, err) || err != nil {
				return
			}
		}
	}
}

// events counts those of the log.
func (w *World) events() int {
	head, _ := w.store.Head(context.Background())
	return int(head)
}
