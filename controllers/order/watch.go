// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// watched lets through what changes an Order's spec or whether it is held, and every deletion.
type watched struct {
	predicate.Funcs
	deletions *deletions
}

// Update implements predicate.Predicate.
func (w watched) Update(e event.UpdateEvent) bool {
	before, after := e.ObjectOld.(*commercev1.Order), e.ObjectNew.(*commercev1.Order) //nolint:forcetypeassert // what is watched
	return before.Generation != after.Generation || restored(before) != restored(after)
}

// Delete implements predicate.Predicate. A deletion that was only found out by listing was not seen.
func (w watched) Delete(e event.DeleteEvent) bool {
	if !e.DeleteStateUnknown {
		w.deletions.note(saga.OrderID{Namespace: e.Object.GetNamespace(), Name: e.Object.GetName()})
	}
	return true
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
