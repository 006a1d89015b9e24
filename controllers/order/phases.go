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
	"github.com/eventcore/order-operator/controllers/kube"
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
	if restored(s.object) && !s.order.Created() && !resumed(s.object) {
		s.refused = ErrRestored
		return nil
	}
	created, err := content(s.object, r.Clock())
	if err != nil {
		return reconcile.TerminalError(err)
	}
	if err := r.accepter(s)(ctx, s.id, created); err != nil {
		if !isRefusal(err) {
			return err
		}
		s.refused = err
	}
	return r.refold(ctx, s)
}

// accepter returns how the engine is to accept the Order.
func (r *Reconciler) accepter(s *scope) func(context.Context, saga.OrderID, saga.OrderCreated) error {
	switch {
	case r.Engine.Lost(s.object.CreationTimestamp.Time):
		return func(ctx context.Context, id saga.OrderID, created saga.OrderCreated) error {
			return r.Engine.AcceptLost(ctx, id, created, suspended(s.object))
		}
	case suspended(s.object):
		return r.Engine.AcceptSuspended
	}
	return r.Engine.Accept
}

// refold reads the order's history again.
func (r *Reconciler) refold(ctx context.Context, s *scope) (err error) {
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

// ErrRestored says why an Order that a backup has brought is not carried out.
var ErrRestored = errors.New("Restored from a backup, and unknown to the event store: set spec.suspend to false to carry it out") //nolint:staticcheck // a status shows it

// isRefusal reports whether the error is about the Order, not about the store.
func isRefusal(err error) bool {
	var taken *engine.NameTakenError
	var attempt *engine.AttemptError
	return errors.As(err, &taken) || errors.As(err, &attempt)
}

func suspended(object *commercev1.Order) bool {
	return object.Spec.Suspend != nil && *object.Spec.Suspend
}

// resumed reports whether the Order says by itself that it is not suspended.
func resumed(object *commercev1.Order) bool {
	return object.Spec.Suspend != nil && !*object.Spec.Suspend
}

// step lets the engine take what is due.
func (r *Reconciler) step(ctx context.Context, s *scope) error {
	if spared(s, r.Clock()) {
		s.next = kube.Earlier(s.next, s.order.Content.Deadline)
		return nil
	}
	next, err := r.Engine.Step(ctx, s.id)
	if err != nil {
		return err
	}
	s.next = kube.Earlier(s.next, next)
	return r.refold(ctx, s)
}
