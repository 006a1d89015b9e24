// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
)

// patience is how long an order may take before its progress is shown, and how far apart two showings are.
const patience = time.Second

// project writes the status that the order's events ask for, or puts it off.
func (r *Reconciler) project(ctx context.Context, s *scope) error {
	if s.object == nil || !s.order.Created() && s.refused == nil {
		return nil
	}
	desired := Project(s.object, s.order, r.Identity, s.refused)
	if !r.judge(s, &desired) {
		s.next = kube.Earlier(s.next, r.Clock().Add(patience))
		return nil
	}
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
	now := r.Clock()
	if err := r.remember(ctx, s, updated, now); err != nil {
		return err
	}
	if updated.Status.Outcome != s.object.Status.Outcome && !s.order.FinishedAt.IsZero() {
		statusLag.Observe(max(now.Sub(s.order.FinishedAt), 0).Seconds())
	}
	r.announce(s.object, updated)
	s.object = updated
	return nil
}

// remember keeps the Order as it was written until the cache has it. The cache may be faster than the answer was: then
// nobody would tell of it any more.
func (r *Reconciler) remember(ctx context.Context, s *scope, updated *commercev1.Order, now time.Time) error {
	updated.ManagedFields = nil // as in the cache
	r.written.record(s.id, updated, now)
	var cached commercev1.Order
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(updated), &cached)
	if err == nil {
		r.written.see(&cached)
	}
	return client.IgnoreNotFound(err)
}

// dueAt returns when the status has to be written, the zero time if it is as desired.
func (r *Reconciler) dueAt(s *scope, desired *commercev1.OrderStatus) time.Time {
	current := &s.object.Status
	switch {
	case equal(current, desired):
		return time.Time{}
	case current.Outcome != desired.Outcome,
		current.Attention.Position != desired.Attention.Position,
		stalled(current) != stalled(desired),
		(shownViolation(current) == nil) != (shownViolation(desired) == nil),
		current.ObservedGeneration > 0 && current.ObservedGeneration != desired.ObservedGeneration:
		return r.Clock()
	}
	return latest(s.began(), r.written.at(s.id)).Add(patience)
}

// began is when the wait began that the status tells of.
func (s *scope) began() time.Time {
	if s.order.Accepted(s.uid()) {
		return s.order.CreatedAt
	}
	return s.object.CreationTimestamp.Time
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func stalled(status *commercev1.OrderStatus) bool {
	return apimeta.IsStatusConditionTrue(status.Conditions, commercev1.ConditionStalled)
}
