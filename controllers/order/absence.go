// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/saga"
)

const (
	// graceSeen is how long an order waits for its Order whose deletion was seen, graceMissed for one that was found
	// missing: what went wrong there takes people longer to notice and to mend.
	graceSeen   = time.Minute
	graceMissed = time.Hour
	// lookAgain is when an absence that can't be judged now is looked at again.
	lookAgain = 10 * time.Second
)

// orderDefinition is the CRD whose deletion takes all Orders with it.
const orderDefinition = "orders.commerce.eventcore.dev"

var (
	definitionKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}
	namespaceKind  = schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}
)

// absent suspends an open order whose Order is surely gone. It is cancelled later, unless so many are missing that
// somebody must have made a mistake: then it is held.
func (r *Reconciler) absent(ctx context.Context, s *scope) error {
	if !s.order.Stoppable() || s.object != nil && s.order.Accepted(s.uid()) {
		r.deletions.forget(s.id)
		return nil
	}
	gone, err := r.surelyGone(ctx, s)
	if err != nil {
		return err
	}
	if !gone {
		s.held = true
		return nil
	}
	if due := s.order.Suspended; due != nil && due.Reason == saga.ReasonOrderDeleted {
		r.deletions.forget(s.id)
		return r.hold(ctx, s)
	}
	return r.suspendAbsent(ctx, s)
}

// suspendAbsent gives the order its grace.
func (r *Reconciler) suspendAbsent(ctx context.Context, s *scope) error {
	grace := graceMissed
	if r.deletions.seen(s.id) {
		grace = graceSeen
	}
	cancelAt := r.Clock().Add(grace)
	if err := r.Engine.Suspend(ctx, s.id, s.order.Content.Attempt, saga.ReasonOrderDeleted, cancelAt); err != nil {
		return err
	}
	r.deletions.forget(s.id)
	if grace == graceMissed {
		ordersFoundMissing.Inc()
		stub := &commercev1.Order{ObjectMeta: metav1.ObjectMeta{
			Namespace: s.id.Namespace, Name: s.id.Name, UID: types.UID(s.order.Content.UID),
		}}
		r.warn(stub, reasonOrderMissing, "Suspend", fmt.Sprintf("The Order of an open order is missing, and nobody saw its "+
			"deletion. The order is cancelled at %s, unless the Order is created again", clockTime(cancelAt)))
	}
	return r.refold(ctx, s)
}

// surelyGone asks the API server itself: caches lag. It does not count if all Orders may have gone at once, with their
// CRD: one that is younger than the order is not the one that the Order was stored under.
func (r *Reconciler) surelyGone(ctx context.Context, s *scope) (bool, error) {
	var object commercev1.Order
	err := r.Live.Get(ctx, types.NamespacedName(s.id), &object)
	switch {
	case err != nil && !apierrors.IsNotFound(err):
		return false, err
	case err == nil && (s.object == nil || s.order.Accepted(string(object.UID))): // the cache will see it
		s.next = kube.Earlier(s.next, r.Clock().Add(lookAgain))
		return false, nil
	}
	definition, err := r.metadata(ctx, definitionKind, orderDefinition)
	if err != nil {
		return false, err
	}
	if definition == nil || !definition.DeletionTimestamp.IsZero() || definition.CreationTimestamp.After(s.order.CreatedAt) {
		log.FromContext(ctx).Info("An Order is missing, and so was its CRD: the order goes on until its deadline")
		s.next = kube.Earlier(s.next, r.Clock().Add(lookAgain))
		return false, nil
	}
	return true, nil
}

// metadata reads an object's metadata from the API server, nil if there is no such object.
func (r *Reconciler) metadata(ctx context.Context, kind schema.GroupVersionKind, name string) (*metav1.PartialObjectMetadata, error) {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(kind)
	err := r.Live.Get(ctx, client.ObjectKey{Name: name}, object)
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // documented
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind.Kind, name, err)
	}
	return object, nil
}

// hold keeps an order whose grace is over while too many are missing.
func (r *Reconciler) hold(ctx context.Context, s *scope) error {
	if !graceOver(s, r.Clock()) {
		return nil
	}
	closed, err := r.valve.closed(ctx, r, s.id.Namespace)
	if err != nil {
		return err
	}
	if closed {
		s.held = true
		s.next = kube.Earlier(s.next, r.Clock().Add(lookAgain))
	}
	return nil
}

func graceOver(s *scope, now time.Time) bool {
	suspended := s.order.Suspended
	return suspended != nil && !suspended.CancelAt.IsZero() && !now.Before(suspended.CancelAt)
}

// spared reports whether the engine must not be asked now, because it would cancel an order whose absence is in doubt. Its
// deadline, and what was refused, hold all the same.
func spared(s *scope, now time.Time) bool {
	_, refused := s.order.RefusedStep()
	return s.held && graceOver(s, now) && !refused && now.Before(s.order.Content.Deadline)
}
