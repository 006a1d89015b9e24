// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package payment

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

// GatewayReconciler keeps the finalizer and writes the status of PaymentGateways and wakes the orders that wait for one.
type GatewayReconciler struct {
	// Client reads from the cache and writes statuses.
	Client client.Client
	// Arrived is called when a gateway can be used: see feed.Feed.Arrived.
	Arrived func(reason, namespace, name string)
	// Gateways looks whether a provider can be used.
	Gateways *Gateways
	// Usage tells which orders may still need a gateway.
	Usage kube.Usage
	// Clock tells the time.
	Clock func() time.Time
}

// SetupWithManager adds the controllers of the service to the manager.
func (r *GatewayReconciler) SetupWithManager(mgr ctrl.Manager, f *feed.Feed, engine *calls.Engine) error {
	r.Gateways.WhenRenewed(engine.Guards().Reset)
	if err := kube.SetupStepper(mgr, string(saga.PaymentService), f, engine, r.Clock); err != nil {
		return err
	}
	if err := Circuits(mgr.GetClient(), engine).SetupWithManager(mgr, "payment-circuits", &commercev1.PaymentGateway{}); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("payment-gateways").
		For(&commercev1.PaymentGateway{}, builder.WithPredicates(kube.SpecChanged{})).
		WithOptions(kube.Options(1)).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *GatewayReconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var gateway commercev1.PaymentGateway
	if err := r.Client.Get(ctx, request.NamespacedName, &gateway); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	updated := gateway.DeepCopy()
	status := &updated.Status
	return kube.Upkeep{Client: r.Client, Arrived: r.Arrived}.Keep(ctx, kube.Provided{
		Object: updated, Conditions: &status.Conditions, ObservedGeneration: &status.ObservedGeneration,
		Provider: &status.Provider, Type: typeOf(gateway.Spec.Provider),
		Waiting: saga.ReasonWaitingForGateway, Ready: "Orders can be paid through this gateway",
		Check:  func(ctx context.Context) error { return r.Gateways.check(ctx, updated) },
		Users:  func(ctx context.Context) ([]saga.OrderID, error) { return r.users(ctx, gateway.Name) },
		Forget: func() { r.Gateways.providers.Forget(gateway.UID) },
	})
}

// users returns the orders for which the gateway may still have to undo something.
func (r *GatewayReconciler) users(ctx context.Context, name string) ([]saga.OrderID, error) {
	return r.Usage.By(ctx, saga.ProcessPayment, func(content saga.OrderCreated) bool { return content.Gateway == name })
}

func typeOf(provider commercev1.PaymentGatewayProvider) string {
	switch {
	case provider.Webhook != nil:
		return kube.Webhook
	case provider.Stripe != nil:
		return kube.Stripe
	}
	return kube.Simulated
}
