// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package shipping

import (
	"context"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/saga"
)

// CarrierReconciler keeps the finalizer and writes the status of Carriers and wakes the orders that wait for one.
type CarrierReconciler struct {
	// Client reads from the cache and writes statuses.
	Client client.Client
	// Arrived is called when a carrier can be used: see feed.Feed.Arrived.
	Arrived func(reason, namespace, name string)
	// Carriers looks whether a provider can be used.
	Carriers *Carriers
	// Usage tells which orders may still need a carrier.
	Usage kube.Usage
	// Clock tells the time.
	Clock func() time.Time
}

// SetupWithManager adds the controllers of the service to the manager.
func (r *CarrierReconciler) SetupWithManager(mgr ctrl.Manager, f *feed.Feed, engine *calls.Engine) error {
	r.Carriers.WhenRenewed(engine.Guards().Reset)
	if err := kube.SetupStepper(mgr, string(saga.ShippingService), f, engine, r.Clock); err != nil {
		return err
	}
	if err := Circuits(mgr.GetClient(), engine).SetupWithManager(mgr, "shipping-circuits", &commercev1.Carrier{}); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("shipping-carriers").
		For(&commercev1.Carrier{}, builder.WithPredicates(kube.SpecChanged{})).
		WithOptions(kube.Options(1)).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *CarrierReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var carrier commercev1.Carrier
	if err := r.Client.Get(ctx, request.NamespacedName, &carrier); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	updated := carrier.DeepCopy()
	status := &updated.Status
	return kube.Upkeep{Client: r.Client, Arrived: r.Arrived}.Keep(ctx, kube.Provided{
		Object: updated, Conditions: &status.Conditions, ObservedGeneration: &status.ObservedGeneration,
		Provider: &status.Provider, Type: typeOf(carrier.Spec.Provider),
		Waiting: saga.ReasonWaitingForCarrier, Ready: "Orders can be shipped by this carrier",
		Check:  func(ctx context.Context) error { return r.Carriers.check(ctx, updated) },
		Users:  func(ctx context.Context) ([]saga.OrderID, error) { return r.users(ctx, carrier.Name) },
		Forget: func() { r.Carriers.providers.Forget(carrier.UID) },
	})
}

// users returns the orders for which the carrier may still have to undo something.
func (r *CarrierReconciler) users(ctx context.Context, name string) ([]saga.OrderID, error) {
	return r.Usage.By(ctx, saga.CreateShipment, func(content saga.OrderCreated) bool { return content.Carrier == name })
}

func typeOf(provider commercev1.CarrierProvider) string {
	if provider.Webhook != nil {
		return kube.Webhook
	}
	return kube.Simulated
}
