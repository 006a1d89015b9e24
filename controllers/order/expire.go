// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
)

// expire deletes an Order that has ended when its user wants it gone: never before its end was shown, nor while a person is
// asked, money is owed or an invariant is violated. Its history stays.
func (r *Reconciler) expire(ctx context.Context, s *scope) error {
	due, expires := expiry(s)
	if !expires {
		return nil
	}
	if due.After(r.Clock()) {
		s.next = kube.Earlier(s.next, due)
		return nil
	}
	err := r.Client.Delete(ctx, s.object, client.Preconditions{UID: &s.object.UID, ResourceVersion: &s.object.ResourceVersion})
	return client.IgnoreNotFound(err)
}

// expiry returns when the Order is to be deleted: its time is counted from its end or its creation, whichever is later.
func expiry(s *scope) (due time.Time, expires bool) {
	if s.object == nil || s.object.DeletionTimestamp != nil || shownViolation(&s.object.Status) != nil {
		return time.Time{}, false
	}
	ttl, status := s.object.Spec.TTLSecondsAfterFinished, &s.object.Status
	if ttl == nil || status.Outcome == "" || status.CompletionTime == nil || status.ObservedGeneration != s.object.Generation {
		return time.Time{}, false
	}
	settled := s.order.Attention == nil && s.order.Money().None()
	if status.Outcome != commercev1.OutcomeRejected && !settled {
		return time.Time{}, false
	}
	from := latest(status.CompletionTime.Time, s.object.CreationTimestamp.Time)
	return from.Add(time.Duration(*ttl) * time.Second), true
}
