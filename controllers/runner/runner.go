// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// retryAfter is when an order is looked at again after an error of the store.
const retryAfter = time.Second

// Options configure a Runner.
type Options struct {
	ServicesOptions
	// Workers is how many orders are stepped at once; 16 if 0.
	Workers int
}

// Runner drives the services by the events of the store and by timers.
type Runner struct {
	*Services
	feed    *feed.Feed
	queue   *queue
	options Options
}

// New returns a runner of the store, which stays the caller's to close after Run has returned. Options.Report may be
// nil: an order is looked at again after an error in any case.
func New(ctx context.Context, store eventcore.Store, options Options) (*Runner, error) {
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Workers == 0 {
		options.Workers = 16
	}
	r := &Runner{feed: feed.New(store), queue: newQueue(), options: options}
	services := options.ServicesOptions
	services.Report = r.report
	var err error
	if r.Services, err = NewServices(ctx, store, services); err != nil {
		return nil, err
	}
	return r, nil
}

// Run drives the services until ctx ends, lets the calls under way end, and returns nil; or it returns what stopped it
// before.
func (r *Runner) Run(ctx context.Context) error {
	unsubscribe := r.feed.Subscribe(func(touched feed.Touched) {
		for _, id := range touched.Orders {
			r.queue.add(id)
		}
	})
	defer unsubscribe()
	var workers sync.WaitGroup
	for range r.options.Workers {
		workers.Go(func() { r.work(ctx) })
	}
	err := r.feed.Run(ctx)
	r.queue.close()
	workers.Wait()
	r.Close()
	return err
}

// Arrived wakes the orders that wait for an object which is there now: see Feed.Arrived.
func (r *Runner) Arrived(reason, namespace, name string) { r.feed.Arrived(reason, namespace, name) }

func (r *Runner) work(ctx context.Context) {
	for {
		id, ok := r.queue.take()
		if !ok {
			return
		}
		next, err := r.Step(ctx, id)
		if err == nil && next.IsZero() && r.settled(ctx, id) {
			r.queue.stopTimer(id)
		}
		r.queue.done(id)
		if err != nil && ctx.Err() == nil {
			r.report(id, err)
		}
		if now := r.options.Clock(); !next.IsZero() {
			r.queue.addAfter(id, now, next.Sub(now))
		}
	}
}

// settled reports whether the order is surely looked at for the last time. The timer of its last call is of no use then.
func (r *Runner) settled(ctx context.Context, id saga.OrderID) bool {
	if r.Order == nil {
		return false
	}
	order, err := r.Order.Order(ctx, id)
	return err == nil && order.Settled()
}

func (r *Runner) report(id saga.OrderID, err error) {
	if r.options.Report != nil {
		r.options.Report(id, err)
	}
	r.queue.addAfter(id, r.options.Clock(), retryAfter)
}
