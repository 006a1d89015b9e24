// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/eventcore"
)

// boundaries are the places where a process and the world touch: before and after every append, every save of a
// projection's checkpoint, and every request to a provider, each with the number of its crossing. What wraps the store
// and the providers of a process names them, so that a new kind of event or request is a new boundary by itself.
type boundaries struct {
	mu    sync.Mutex
	count map[string]int
	// names are those of all crossings, in their order.
	names []string
	// targets are where the process of the moment dies, one after the other.
	targets []string
	killed  chan *process
}

func newBoundaries(targets ...string) *boundaries {
	return &boundaries{count: map[string]int{}, targets: targets, killed: make(chan *process, len(targets))}
}

// cross returns errDead if the process is dead, or dies here: then nothing that it does reaches the world any more, and
// nothing that it has asked for reaches it.
func (p *process) cross(what string) error {
	if p.dead.Load() {
		return errDead
	}
	b := p.boundaries
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count[what]++
	name := fmt.Sprintf("%s #%d", what, b.count[what])
	b.names = append(b.names, name)
	if len(b.targets) == 0 || b.targets[0] != name {
		return nil
	}
	b.targets = b.targets[1:]
	p.die()
	b.killed <- p
	return errDead
}

// crossing does what happens between two boundaries.
func crossing[T any](p *process, what string, do func() (T, error)) (T, error) {
	var none T
	if err := p.cross("before " + what); err != nil {
		return none, err
	}
	result, err := do()
	if dead := p.cross("after " + what); dead != nil {
		return none, dead
	}
	return result, err
}

func nameOf(request eventcore.AppendRequest) string {
	types := make([]string, 0, len(request.Events))
	for _, event := range request.Events {
		types = append(types, event.Type)
	}
	return "append " + strings.Join(types, ", ")
}

// ReadModel returns the read model of a projection, whose checkpoint is saved at a boundary.
func (s storeOf) ReadModel(name string) (eventcore.ReadModel, error) {
	model, err := s.Store.ReadModel(name)
	return modelOf{model, s.process, name}, err
}

type modelOf struct {
	eventcore.ReadModel

	process *process
	name    string
}

func (m modelOf) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	_, err := crossing(m.process, "checkpoint "+m.name, func() (struct{}, error) {
		return struct{}{}, m.ReadModel.Update(ctx, from, to, changes)
	})
	return err
}

// bankOf is the bank as a process reaches it.
type bankOf struct {
	payment.Provider

	process *process
}

func (b bankOf) Do(ctx context.Context, r payment.Request) (payment.Movement, error) {
	return crossing(b.process, string(r.Action), func() (payment.Movement, error) { return b.Provider.Do(ctx, r) })
}

func (b bankOf) Find(ctx context.Context, r payment.Request) (*payment.Movement, error) {
	return crossing(b.process, "look-up of "+string(r.Action), func() (*payment.Movement, error) { return b.Provider.Find(ctx, r) })
}

func (b bankOf) Cancel(ctx context.Context, r payment.Request) error {
	return fencing(b.process, string(r.Action), func() error { return b.Provider.Cancel(ctx, r) })
}

func fencing(p *process, what string, fence func() error) error {
	_, err := crossing(p, "fence of "+what, func() (struct{}, error) { return struct{}{}, fence() })
	return err
}

// carrierOf is the carrier as a process reaches it.
type carrierOf struct {
	shipping.Provider

	process *process
}

func (c carrierOf) Create(ctx context.Context, r shipping.ShipmentRequest) (shipping.Shipment, error) {
	return crossing(c.process, "ship", func() (shipping.Shipment, error) { return c.Provider.Create(ctx, r) })
}

func (c carrierOf) CancelShipment(ctx context.Context, r shipping.CancelRequest) (shipping.Cancellation, error) {
	return crossing(c.process, "withdraw", func() (shipping.Cancellation, error) { return c.Provider.CancelShipment(ctx, r) })
}

func (c carrierOf) FindShipment(ctx context.Context, key string) (*shipping.Shipment, error) {
	return crossing(c.process, "look-up of ship", func() (*shipping.Shipment, error) { return c.Provider.FindShipment(ctx, key) })
}

func (c carrierOf) FindCancellation(ctx context.Context, key string) (*shipping.Cancellation, error) {
	return crossing(c.process, "look-up of withdraw", func() (*shipping.Cancellation, error) {
		return c.Provider.FindCancellation(ctx, key)
	})
}

func (c carrierOf) Cancel(ctx context.Context, key string) error {
	return fencing(c.process, "a shipping key", func() error { return c.Provider.Cancel(ctx, key) })
}

// preparerOf is a bankOf whose bank is a Preparer.
type preparerOf struct{ bankOf }

func (b preparerOf) Prepare(ctx context.Context, r payment.Request) (string, error) {
	return crossing(b.process, "prepare", func() (string, error) {
		return b.Provider.(payment.Preparer).Prepare(ctx, r)
	})
}
