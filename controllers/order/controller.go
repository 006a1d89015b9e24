// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// workers is how many orders are reconciled at once: mostly waiting for the API server.
const workers = 32

// Reconciler carries an Order into the store, obeys what its user wants, steps its saga and projects its status.
type Reconciler struct {
	// Client reads from the cache, writes statuses and deletes Orders whose time is over.
	Client client.Client
	// Live reads from the API server.
	Live client.Reader
	// Recorder is told of what went wrong.
	Recorder recorder.EventRecorder
	Engine   *engine.Engine
	// Open lists the open orders, and CaughtUp tells whether it knows them all: see feed.Feed.
	Open     func() (map[saga.OrderID]saga.OpenOrder, error)
	CaughtUp func() bool
	// Identity is that of the engine's store.
	Identity eventcore.Identity
	// Clock tells the time.
	Clock func() time.Time
	// Violation returns what the checker has found wrong with an order, empty for nothing, and whether it has looked yet.
	// nil is a checker that finds nothing.
	Violation func(id saga.OrderID) (violation string, known bool)
	// Behind is called when the status of an Order tells of events that the store does not have. It should stop everything.
	// nil does nothing.
	Behind func(err error)

	written   writes
	deletions deletions
	valve     valve
}

// Deleted is to be called when the API server tells that an Order was deleted, before the Order is reconciled.
// SetupWithManager sees to it.
func (r *Reconciler) Deleted(id saga.OrderID) { r.deletions.note(id) }

// SetupWithManager adds the controller to the manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, f *feed.Feed) error {
	if err := mgr.Add(manager.RunnableFunc(r.watchValve)); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named(string(saga.OrderService)).
		Watches(&commercev1.Order{}, &enqueue{}, builder.WithPredicates(watched{deletions: &r.deletions, written: &r.written})).
		WatchesRawSource(kube.Orders(f, r.concerns)).
		WithOptions(kube.OrderOptions(mgr, string(saga.OrderService), f, workers)).
		Complete(r)
}

// scope is what one reconcile knows.
type scope struct {
	id saga.OrderID
	// object is the Order as last read or written, whichever is newer; nil if there is none.
	object *commercev1.Order
	order  saga.Order
	// refused says why the Order is not carried out: a *engine.NameTakenError, a *engine.AttemptError or ErrRestored; nil if
	// it is.
	refused error
	// held is set while the order must not be cancelled because its Order is gone.
	held bool
	// next is when to reconcile again, the zero time for never.
	next time.Time
}

// uid is the Order's.
func (s *scope) uid() string { return string(s.object.UID) }

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	s := &scope{id: saga.OrderID{Namespace: request.Namespace, Name: request.Name}}
	for _, phase := range []func(context.Context, *scope) error{
		r.observe, r.trust, r.accept, r.doubt, r.absent, r.obey, r.step, r.project, r.expire,
	} {
		if err := phase(ctx, s); err != nil {
			return kube.IgnoreConflict(err)
		}
	}
	return kube.Requeue(s.next, r.Clock()), nil
}
