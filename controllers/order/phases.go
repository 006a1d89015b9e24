// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
)

// observe reads the Order and its history. The saga goes on without the Order.
func (r *Reconciler) observe(ctx context.Context, s *scope) (err error) {
	var object commercev1.Order
	err = r.Client.Get(ctx, types.NamespacedName(s.id), &object)
	switch {
	case apierrors.IsNotFound(err):
		r.written.forget(s.id)
	case err != nil:
		return err
	default:
		s.object = r.written.newer(s.id, &object)
	}
	s.order, err = r.Engine.Order(ctx, s.id)
	return err
}

// accept starts the saga of a new Order or of a new attempt, or joins the Order to the history of its name.
func (r *Reconciler) accept(ctx context.Context, s *scope) error {
	if s.object == nil || !acceptable(s) {
		return nil
	}
	created, err := content(s.object, r.Clock())
	if err != nil {
		return reconcile.TerminalError(err)
	}
	accept := r.Engine.Accept
	if suspended(s.object) {
		accept = r.Engine.AcceptSuspended
	}
	if err := accept(ctx, s.id, created); err != nil {
		if !isRefusal(err) {
			return err
		}
		s.refused = err
	}
	s.order, err = r.Engine.Order(ctx, s.id)
	return err
}

// acceptable reports whether the Order is news to the store: it is another one than before, wants another attempt, or is
// back after the order was suspended because it was gone.
func acceptable(s *scope) bool {
	order := &s.order
	return !order.Accepted(s.uid()) || int(s.object.Spec.Attempt) > order.Content.Attempt ||
		order.Stoppable() && order.Suspended != nil && order.Suspended.Reason == saga.ReasonOrderDeleted
}

// isRefusal reports whether the error is about the Order, not about the store.
func isRefusal(err error) bool {
	var taken *engine.NameTakenError
	var attempt *engine.AttemptError
	return errors.As(err, &taken) || errors.As(err, &attempt)
}

func suspended(object *commercev1.Order) bool {
	return object.Spec.Suspend != nil && *object.Spec.Suspend
}

// step lets the engine take what is due.
func (r *Reconciler) step(ctx context.Context, s *scope) (err error) {
	s.next, err = r.Engine.Step(ctx, s.id)
	if err != nil {
		return err
	}
	s.order, err = r.Engine.Order(ctx, s.id)
	return err
}
