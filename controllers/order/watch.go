// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"sync"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/saga"
)

// watched lets through what changes an Order's spec or whether it is held, and every deletion.
type watched struct {
	kube.SpecChanged

	deletions *deletions
	written   *writes
}

// Update implements predicate.Predicate.
func (w watched) Update(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*commercev1.Order), e.ObjectNew.(*commercev1.Order) //nolint:forcetypeassert // what is watched
	w.written.see(after)
	return w.SpecChanged.Update(e) || restored(before) != restored(after)
}

// Delete implements predicate.Predicate. A deletion that was only found out by listing was not seen.
func (w watched) Delete(e event.DeleteEvent) bool {
	if !e.DeleteStateUnknown {
		w.deletions.note(saga.OrderID{Namespace: e.Object.GetNamespace(), Name: e.Object.GetName()})
	}
	return true
}

// enqueue enqueues Orders. One that has not ended comes at normal priority, also when it is listed at a start: what is
// listed has a low priority otherwise, and has to wait for as long as new Orders keep coming.
type enqueue struct {
	handler.EnqueueRequestForObject
}

// Create implements handler.EventHandler.
func (h *enqueue) Create(
	ctx context.Context, e event.CreateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request],
) {
	if order, ok := e.Object.(*commercev1.Order); ok && order.Status.Outcome == "" {
		queue.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(order)})
		return
	}
	h.EnqueueRequestForObject.Create(ctx, e, queue)
}

// concerns is a kube.Concerns. An order that is young and on its way has been reconciled when it was accepted, and will
// be when it is old enough for its progress to be shown: until then only its end is news.
func (r *Reconciler) concerns(ctx context.Context, id saga.OrderID) bool {
	order, err := r.Engine.Order(ctx, id)
	if err != nil || !order.Stoppable() || order.Suspended != nil || order.Attention != nil || order.CancellationRequested != "" {
		return true
	}
	return r.Engine.Due(order) || r.Clock().Sub(order.CreatedAt) >= patience
}

// deletions are those that the API server told of and that were not acted on yet. The zero value holds none.
type deletions struct{ orders sync.Map }

func (d *deletions) note(id saga.OrderID)   { d.orders.Store(id, struct{}{}) }
func (d *deletions) forget(id saga.OrderID) { d.orders.Delete(id) }
func (d *deletions) seen(id saga.OrderID) bool {
	_, seen := d.orders.Load(id)
	return seen
}

// restored reports whether a backup has brought the Order.
func restored(object *commercev1.Order) bool {
	_, labelled := object.Labels[commercev1.LabelRestored]
	_, byVelero := object.Labels[commercev1.LabelRestoredByVelero]
	return labelled || byVelero
}
