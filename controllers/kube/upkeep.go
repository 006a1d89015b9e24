// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// A provider's Secret has no watch: it is looked at again after a while, sooner if it was no good.
const (
	checkReady    = time.Minute
	checkNotReady = 10 * time.Second
)

// Upkeep keeps the objects that stand for providers: their finalizer and their status.
type Upkeep struct {
	// Client writes the objects.
	Client client.Client
	// Arrived is told when orders can use a provider: see feed.Feed.Arrived.
	Arrived func(reason, namespace, name string)
}

// Provided is an object that stands for a provider. Everything is that of a copy, which may be changed.
type Provided struct {
	Object             client.Object
	Conditions         *[]metav1.Condition
	ObservedGeneration *int64
	// Provider is the type of the provider in the status, Type the one in the spec.
	Provider *string
	Type     string
	// Waiting is the reason of orders that wait for the object, Ready tells that they need not.
	Waiting string
	Ready   string
	// Check fails with a *NotReady if orders can't use the provider.
	Check func(ctx context.Context) error
	// Users returns the orders that may still need the provider, Forget drops it.
	Users  func(ctx context.Context) ([]saga.OrderID, error)
	Forget func()
}

// Keep brings the object up to date, or lets it go.
func (u Upkeep) Keep(ctx context.Context, p Provided) (reconcile.Result, error) {
	if !p.Object.GetDeletionTimestamp().IsZero() {
		return u.release(ctx, p)
	}
	if controllerutil.AddFinalizer(p.Object, commercev1.Finalizer) {
		if err := u.Client.Update(ctx, p.Object); err != nil {
			return IgnoreConflict(err)
		}
	}
	var notReady *NotReady
	if err := p.Check(ctx); err != nil && !errors.As(err, &notReady) {
		return reconcile.Result{}, err
	}
	if notReady != nil {
		return u.show(ctx, p, metav1.ConditionFalse, notReady.Reason, notReady.Message, checkNotReady)
	}
	u.Arrived(p.Waiting, "", p.Object.GetName())
	again := checkReady
	if apimeta.IsStatusConditionFalse(*p.Conditions, commercev1.ConditionAvailable) {
		again = checkNotReady // because of its credentials, perhaps
	}
	return u.show(ctx, p, metav1.ConditionTrue, commercev1.ReasonConfigured, p.Ready, again)
}

// release removes the finalizer once no order needs the provider.
func (u Upkeep) release(ctx context.Context, p Provided) (reconcile.Result, error) {
	users, err := p.Users(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	if len(users) > 0 {
		message := fmt.Sprintf("Stays until the orders that it has served are at their end: %s", users[0])
		if more := len(users) - 1; more > 0 {
			message += fmt.Sprintf(" and %d more", more)
		}
		return u.show(ctx, p, metav1.ConditionFalse, commercev1.ReasonInUse, message, checkNotReady)
	}
	p.Forget()
	if !controllerutil.RemoveFinalizer(p.Object, commercev1.Finalizer) {
		return reconcile.Result{}, nil
	}
	return IgnoreConflict(u.Client.Update(ctx, p.Object))
}

// show writes the status if it is news. What needs no Secret is not looked at again.
func (u Upkeep) show(ctx context.Context, p Provided, status metav1.ConditionStatus, reason, message string, again time.Duration) (reconcile.Result, error) {
	generation := p.Object.GetGeneration()
	changed := apimeta.SetStatusCondition(p.Conditions, metav1.Condition{
		Type: commercev1.ConditionReady, Status: status, Reason: reason, Message: message, ObservedGeneration: generation,
	})
	if changed || *p.ObservedGeneration != generation || *p.Provider != p.Type {
		*p.ObservedGeneration, *p.Provider = generation, p.Type
		if err := u.Client.Status().Update(ctx, p.Object); err != nil {
			return IgnoreConflict(err)
		}
	}
	if p.Type == Simulated && status == metav1.ConditionTrue {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{RequeueAfter: again}, nil
}

// The types of providers, as statuses show them.
const (
	Simulated = "simulated"
	Webhook   = "webhook"
	Stripe    = "stripe"
)
