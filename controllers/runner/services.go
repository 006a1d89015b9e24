// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	inventory "github.com/eventcore/order-operator/controllers/inventory/engine"
	order "github.com/eventcore/order-operator/controllers/order/engine"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/eventcore"
)

// ServicesOptions configure Services.
type ServicesOptions struct {
	// Gateways, Carriers and Tokens connect the services to the world outside. Required.
	Gateways payment.Gateways
	Carriers shipping.Carriers
	Tokens   payment.Tokens
	// Clock tells the time; time.Now if nil.
	Clock func() time.Time
	// CallTimeout is how long a provider may take to answer; 10 s if 0.
	CallTimeout time.Duration
	// Jitter returns a number in [0, 1), which spreads retries; random if nil.
	Jitter func() float64
	// Report is told of errors in the background: see calls.Options. Required.
	Report func(id saga.OrderID, err error)
}

// Services are the four services on one store.
type Services struct {
	Executor  *eventcore.Executor
	Order     *order.Engine
	Inventory *inventory.Engine
	Payment   *calls.Engine
	Shipping  *calls.Engine
}

// NewServices returns the services on the store, which stays the caller's to close after them.
func NewServices(ctx context.Context, store eventcore.Store, options ServicesOptions) (*Services, error) {
	executor, err := eventcore.NewExecutor(ctx, store, saga.NewRegistry(), eventcore.ExecutorOptions{
		AppendOnly: saga.AggregateStreams(), Clock: options.Clock,
	})
	if err != nil {
		return nil, fmt.Errorf("start the executor: %w", err)
	}
	identity := store.Identity()
	callOptions := calls.Options{
		Clock: options.Clock, Timeout: options.CallTimeout, Jitter: options.Jitter, Report: options.Report,
	}
	return &Services{
		Executor:  executor,
		Order:     order.New(executor, identity, options.Clock),
		Inventory: inventory.New(executor, identity, options.Clock),
		Payment:   payment.New(executor, identity, options.Gateways, options.Tokens, callOptions),
		Shipping:  shipping.New(executor, identity, options.Carriers, callOptions),
	}, nil
}

// Step lets each service take what is due for the order, and returns when to do so again if nothing wakes the order
// before, the zero time for never.
func (s *Services) Step(ctx context.Context, id saga.OrderID) (time.Time, error) {
	var next time.Time
	for _, step := range []func(context.Context, saga.OrderID) (time.Time, error){
		s.Order.Step, s.Inventory.Step, s.Payment.Step, s.Shipping.Step,
	} {
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

// Close lets the calls under way end and stops the executor.
func (s *Services) Close() {
	s.Payment.Close()
	s.Shipping.Close()
	s.Executor.Close()
}
