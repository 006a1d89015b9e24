// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	inventory "github.com/eventcore/order-operator/controllers/inventory/engine"
	order "github.com/eventcore/order-operator/controllers/order/engine"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/eventcore"
)

// ServicesOptions configure Services.
type ServicesOptions struct {
	// Only are the services that run in this process; all four if it is empty.
	Only []saga.Service
	// Gateways, Carriers and Tokens connect the services to the world outside. Required by the services that use them.
	Gateways payment.Gateways
	Carriers shipping.Carriers
	Tokens   payment.Tokens
	// Clock tells the time; time.Now if nil.
	Clock func() time.Time
	// CallTimeout is how long a provider may take to answer whose settings don't say so; 10 s if 0.
	CallTimeout time.Duration
	// GatewaySettings and CarrierSettings return how a provider is to be called: see calls.Options. The defaults apply
	// if they are nil.
	GatewaySettings, CarrierSettings func(name string) guard.Settings
	// Jitter returns a number in [0, 1), which spreads retries; random if nil.
	Jitter func() float64
	// Report is told of errors in the background: see calls.Options. Required.
	Report func(id saga.OrderID, err error)
	// DoubtedSince is when the history was last rolled back and accepted, zero for never: what was not recorded before may
	// have happened all the same. See saga.Order.Doubted.
	DoubtedSince time.Time
	// Observer watches the services at work.
	Observer Observer
	// Gather is the executor's: see eventcore.ExecutorOptions.
	Gather func()
	// More are services of the program's own, which own steps of a flow of its own: see saga.Register.
	More []NewService
}

// Observer watches services at work. What is nil is not watched, and costs nothing.
type Observer struct {
	// Committed and Executing are those of eventcore.ExecutorOptions.
	Committed func(eventcore.Commit)
	Executing func(ctx context.Context, metadata *eventcore.Metadata) (done func(eventcore.Receipt, error))
	// Asking is that of calls.Options.
	Asking func(ctx context.Context, ask calls.Ask) (asking context.Context, done func(error))
}

// NewService makes a service on the executor. identity is that of the executor's store.
type NewService func(executor *eventcore.Executor, identity eventcore.Identity, options calls.Options) Service

// Service is one that owns steps of a flow, such as a *calls.Engine.
type Service interface {
	// Step takes what is due for the order, and returns when to do so again if nothing wakes the order before, the zero
	// time for never.
	Step(ctx context.Context, id saga.OrderID) (time.Time, error)
	// Close lets what is under way end, and starts no more.
	Close()
}

// Services are those of the four services that run in this process, on one store, and the program's own. A service that does
// not run here is nil.
type Services struct {
	Executor  *eventcore.Executor
	Order     *order.Engine
	Inventory *inventory.Engine
	Payment   *calls.Engine
	Shipping  *calls.Engine
	More      []Service
}

// NewServices returns the services on the store, which stays the caller's to close after them.
func NewServices(ctx context.Context, store eventcore.Store, options ServicesOptions) (*Services, error) {
	executor, err := eventcore.NewExecutor(ctx, store, saga.NewRegistry(), eventcore.ExecutorOptions{
		AppendOnly: saga.AggregateStreams(), Clock: options.Clock,
		Committed: options.Observer.Committed, Executing: options.Observer.Executing, Gather: options.Gather,
	})
	if err != nil {
		return nil, fmt.Errorf("start the executor: %w", err)
	}
	identity := store.Identity()
	services := &Services{Executor: executor}
	for name, add := range services.makers(identity, options) {
		if len(options.Only) == 0 || slices.Contains(options.Only, name) {
			add()
		}
	}
	for _, service := range options.More {
		services.More = append(services.More, service(executor, identity, options.calls(nil)))
	}
	return services, nil
}

// makers make the services, by name.
func (s *Services) makers(identity eventcore.Identity, options ServicesOptions) map[saga.Service]func() {
	return map[saga.Service]func(){
		saga.OrderService: func() {
			s.Order = order.New(s.Executor, identity, options.Clock)
			s.Order.DoubtSince(options.DoubtedSince)
		},
		saga.InventoryService: func() { s.Inventory = inventory.New(s.Executor, identity, options.Clock) },
		saga.PaymentService: func() {
			s.Payment = payment.New(s.Executor, identity, options.Gateways, options.Tokens, options.calls(options.GatewaySettings))
		},
		saga.ShippingService: func() {
			s.Shipping = shipping.New(s.Executor, identity, options.Carriers, options.calls(options.CarrierSettings))
		},
	}
}

// calls returns the options of a service that calls providers with the settings.
func (o ServicesOptions) calls(settings func(name string) guard.Settings) calls.Options {
	return calls.Options{
		Clock: o.Clock, Timeout: o.CallTimeout, Jitter: o.Jitter, Report: o.Report, Settings: settings, DoubtedSince: o.DoubtedSince,
		Asking: o.Observer.Asking,
	}
}

// Fold returns the order as recorded, the zero Order if there is none.
func (s *Services) Fold(ctx context.Context, id saga.OrderID) (saga.Order, error) {
	view, err := eventcore.View[saga.Order](ctx, s.Executor, id.Stream())
	return view.State, err
}

// Step lets each service take what is due for the order, and returns when to do so again if nothing wakes the order
// before, the zero time for never.
func (s *Services) Step(ctx context.Context, id saga.OrderID) (time.Time, error) {
	var next time.Time
	for _, step := range s.steps() {
		at, err := step(ctx, id)
		if err != nil {
			return time.Time{}, err
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, nil
}

func (s *Services) steps() []func(context.Context, saga.OrderID) (time.Time, error) {
	steps := make([]func(context.Context, saga.OrderID) (time.Time, error), 0, 4+len(s.More))
	if s.Order != nil {
		steps = append(steps, s.Order.Step)
	}
	if s.Inventory != nil {
		steps = append(steps, s.Inventory.Step)
	}
	if s.Payment != nil {
		steps = append(steps, s.Payment.Step)
	}
	if s.Shipping != nil {
		steps = append(steps, s.Shipping.Step)
	}
	for _, service := range s.More {
		steps = append(steps, service.Step)
	}
	return steps
}

// Close lets the calls under way end and stops the executor.
func (s *Services) Close() {
	for _, service := range []*calls.Engine{s.Payment, s.Shipping} {
		if service != nil {
			service.Close()
		}
	}
	for _, service := range s.More {
		service.Close()
	}
	s.Executor.Close()
}
