// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
)

// patience is how long an order may take before its progress is shown, and how far apart two showings are.
const patience = time.Second

// observe reads the Order. The saga goes on without it.
func (r *Reconciler) observe(ctx context.Context, s *scope) error {
	var object commercev1.Order
	err := r.Client.Get(ctx, types.NamespacedName(s.id), &object)
	if apierrors.IsNotFound(err) {
		r.written.forget(s.id)
		return nil
	}
	if err != nil {
		return err
	}
	s.object = r.written.newer(s.id, &object)
	return nil
}

// accept starts the saga of a new Order, or joins the Order to the history of its name.
func (r *Reconciler) accept(ctx context.Context, s *scope) error {
	order, err := r.Engine.Order(ctx, s.id)
	if err != nil || s.object == nil || order.Accepted(string(s.object.UID)) {
		return err
	}
	created, err := content(s.object)
	if err != nil {
		return reconcile.TerminalError(err)
	}
	err = r.Engine.Accept(ctx, s.id, created)
	if errors.As(err, &s.taken) {
		return nil
	}
	return err
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

// project writes the status that the order's events ask for, or puts it off.
func (r *Reconciler) project(ctx context.Context, s *scope) error {
	if s.object == nil || !s.order.Created() {
		return nil
	}
	desired := Project(s.object, s.order, r.Identity, s.taken)
	due := r.dueAt(s, &desired)
	if due.IsZero() {
		r.written.settle(s.id, desired.Outcome != "")
		return nil
	}
	if now := r.Clock(); due.After(now) {
		s.next = kube.Earlier(s.next, due)
		return nil
	}
	updated := s.object.DeepCopy()
	updated.Status = desired
	if err := r.Client.Status().Update(ctx, updated); err != nil {
		return client.IgnoreNotFound(err)
	}
	r.written.record(s.id, updated, r.Clock())
	return nil
}

// dueAt returns when the status has to be written, the zero time if it is as desired.
func (r *Reconciler) dueAt(s *scope, desired *commercev1.OrderStatus) time.Time {
	current := &s.object.Status
	switch {
	case equal(current, desired):
		return time.Time{}
	case current.Outcome != desired.Outcome,
		stalled(current) != stalled(desired),
		current.ObservedGeneration > 0 && current.ObservedGeneration != desired.ObservedGeneration:
		return r.Clock()
	}
	return latest(s.order.CreatedAt, r.written.at(s.id)).Add(patience)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
