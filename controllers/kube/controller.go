// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/saga"
)

const (
	// reconcileTimeout bounds one reconcile: nothing in it waits for a provider.
	reconcileTimeout = time.Minute
	// Failures are retried from firstRetry on, at most lastRetry apart: the default of controller-runtime grows to 1,000 s.
	firstRetry = 5 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Options returns the options that all controllers share, with so many workers.
func Options(workers int) controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: workers,
		ReconciliationTimeout:   reconcileTimeout,
		EnableWarmup:            new(true), // a replica that waits for its turn has its caches
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
	}
}

// Step takes what is due for an order and returns when to be called again, the zero time for never.
type Step func(ctx context.Context, id saga.OrderID) (time.Time, error)

// Service is one that follows the orders by the event store alone.
type Service interface {
	// Step is a Step, and Concerns a Concerns.
	Step(ctx context.Context, id saga.OrderID) (time.Time, error)
	Concerns(ctx context.Context, id saga.OrderID) bool
}

// SetupStepper adds the controller of such a service.
func SetupStepper(mgr ctrl.Manager, name string, f *feed.Feed, service Service, clock func() time.Time) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WatchesRawSource(Orders(f, service.Concerns)).
		WithOptions(OrderOptions(mgr, name, f, 16)).
		Complete(Stepper(service.Step, clock))
}

// Stepper returns the reconciler of a Step.
func Stepper(step Step, clock func() time.Time) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
		next, err := step(ctx, saga.OrderID{Namespace: request.Namespace, Name: request.Name})
		return Requeue(next, clock()), err
	})
}

// Requeue returns the result that reconciles again at the time, never for the zero time.
func Requeue(at, now time.Time) reconcile.Result {
	if at.IsZero() {
		return reconcile.Result{}
	}
	return reconcile.Result{RequeueAfter: max(at.Sub(now), time.Millisecond)}
}

// Earlier returns the earlier of two times, of which the zero time means never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ConflictRetry gives a cache time to see what the API server has.
const ConflictRetry = 20 * time.Millisecond

// IgnoreConflict returns the result of a reconcile that ends with the write of a status: another try soon after a conflict, nothing for an object
// that is gone, and any other error as it is.
func IgnoreConflict(err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: ConflictRetry}, nil
	}
	return reconcile.Result{}, client.IgnoreNotFound(err)
}
