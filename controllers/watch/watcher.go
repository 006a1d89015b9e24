// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

const (
	// saveEvery is how far the saved read model may lag. What is lost in a crash is judged again, in some
	// 20 µs an event; what is saved costs a commit.
	saveEvery = 5 * time.Second
	// overdueEvery is how often it is asked what should have happened.
	overdueEvery = time.Minute
	// grace is how long something that was due may take to happen: longer than any retry waits.
	grace = 10 * time.Minute
	// restartAfter is when the checker starts again after an error.
	restartAfter = 30 * time.Second
)

// Options configure a Watcher.
type Options struct {
	// Store holds the events and the read model. Required.
	Store eventcore.Store
	// Metrics is where the metrics are registered. Required.
	Metrics prometheus.Registerer
	// Logger is told of each violation, and of errors of the checker itself. The zero value logs nothing.
	Logger logr.Logger
	// Wake is told of the orders and products about which there is news. It must not block. Required.
	Wake func(feed.Touched)
	// Clock tells the time. Required.
	Clock func() time.Time
}

// Watcher holds the events against the rules as they are recorded. Its methods may be called concurrently.
type Watcher struct {
	options Options
	metrics metrics

	mu sync.Mutex
	// known says that found is complete.
	known bool
	// found holds the first violation of each order and product that the events show: it stays.
	found map[subject]verify.Violation
	// overdue holds what should have happened by now: it goes when it has.
	overdue map[subject]verify.Violation
}

// subject is the order or the product that a violation is about.
type subject struct {
	order   saga.OrderID
	product saga.ProductID
}

func subjectOf(v verify.Violation) subject { return subject{order: v.Order, product: v.Product} }

// New returns a watcher that has found nothing yet.
func New(options Options) (*Watcher, error) {
	w := &Watcher{
		options: options, metrics: newMetrics(),
		found: map[subject]verify.Violation{}, overdue: map[subject]verify.Violation{},
	}
	if err := w.metrics.register(options.Metrics); err != nil {
		return nil, fmt.Errorf("register the metrics of the checker: %w", err)
	}
	return w, nil
}

// Order returns what is wrong with the order: the rule and a sentence for the shopkeeper, empty for nothing. known is
// false until Run has read what was found before this process.
func (w *Watcher) Order(id saga.OrderID) (violation string, known bool) {
	return w.violation(subject{order: id})
}

// Product is Order for a product.
func (w *Watcher) Product(id saga.ProductID) (violation string, known bool) {
	return w.violation(subject{product: id})
}

func (w *Watcher) violation(of subject) (violation string, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v, ok := w.found[of]
	if !ok {
		v, ok = w.overdue[of]
	}
	if !ok {
		return "", w.known
	}
	return string(v.Rule) + ": " + v.Explanation, true
}

// Run judges until ctx ends, and returns nil then. After an error it starts again from what was saved. Only one process
// should run a watcher of a store at a time.
func (w *Watcher) Run(ctx context.Context) error {
	for {
		err := w.watch(ctx)
		w.metrics.up.Set(0)
		if stopping := ctx.Err(); err != nil && (stopping == nil || !errors.Is(err, stopping)) {
			w.options.Logger.Error(err, "The checker of the invariants has stopped", "startsAgainAfter", restartAfter.String())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restartAfter):
		}
	}
}

// watch brings the read model up to date and follows the store. It returns nil when ctx has ended.
func (w *Watcher) watch(ctx context.Context) error {
	monitor := verify.NewMonitor(verify.MonitorOptions{
		StoreID: w.options.Store.Identity().StoreID.String(), Violated: w.violated,
	})
	projector, err := eventcore.NewProjector(ctx, w.options.Store, saga.NewRegistry(), monitor.Projection(),
		eventcore.ProjectorOptions{SaveEvery: saveEvery})
	if err != nil {
		return err
	}
	if err := w.load(projector); err != nil {
		return err
	}
	if err := projector.CatchUp(ctx); err != nil {
		return err
	}
	w.ready()
	w.metrics.up.Set(1)
	ctx, stop := context.WithCancel(ctx)
	looking := make(chan error, 1)
	go func() {
		looking <- w.lookRegularly(ctx, projector)
		stop()
	}()
	err = projector.Run(ctx)
	stop()
	return errors.Join(err, <-looking)
}

// load reads what was found before.
func (w *Watcher) load(projector *eventcore.Projector) error {
	kept, err := verify.Found(projector.Documents())
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, violation := range kept {
		w.keep(violation)
	}
	return nil
}

// ready says that whatever could be found is found, and has it shown.
func (w *Watcher) ready() {
	w.mu.Lock()
	w.known = true
	touched := touch(w.found)
	w.mu.Unlock()
	w.wake(touched)
}

// violated is told by the monitor.
func (w *Watcher) violated(violation verify.Violation) {
	w.report(violation)
	w.mu.Lock()
	news := w.keep(violation)
	w.mu.Unlock()
	if news {
		w.wake(touch(map[subject]verify.Violation{subjectOf(violation): violation}))
	}
}

// keep keeps the first violation of each order and product: what follows it is often its consequence.
func (w *Watcher) keep(violation verify.Violation) (news bool) {
	of := subjectOf(violation)
	if _, ok := w.found[of]; ok || of == (subject{}) {
		return false
	}
	w.found[of] = violation
	return true
}

// report counts the violation, and logs it. Explanations are made of events, which hold no secrets.
func (w *Watcher) report(violation verify.Violation) {
	w.metrics.violations.WithLabelValues(string(violation.Rule)).Inc()
	w.options.Logger.Error(nil, "An invariant is violated", "rule", violation.Rule, "object", violation.Subject(),
		"positions", violation.Positions, "explanation", violation.Explanation)
}

func (w *Watcher) wake(touched feed.Touched) {
	if len(touched.Orders) > 0 || len(touched.Products) > 0 {
		w.options.Wake(touched)
	}
}

// touch returns whose status has to change.
func touch(violations ...map[subject]verify.Violation) feed.Touched {
	var touched feed.Touched
	for _, of := range violations {
		for s := range of {
			if s.order != (saga.OrderID{}) {
				touched.Orders = append(touched.Orders, s.order)
			} else {
				touched.Products = append(touched.Products, s.product)
			}
		}
	}
	return touched
}
