// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/payment"
	"github.com/eventcore/order-operator/controllers/saga"
)

// TestAManagerShowsAChangeOfACircuitByItself runs the controller as the operator does.
func TestAManagerShowsAChangeOfACircuitByItself(t *testing.T) {
	w := newShop(t)
	mgr, err := manager.New(config, manager.Options{Scheme: scheme, Metrics: server.Options{BindAddress: "0"}})
	w.must(err)
	w.must(payment.Circuits(mgr.GetClient(), w.services.Payment).SetupWithManager(mgr, "circuits-"+w.namespace, &commercev1.PaymentGateway{}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	defer func() {
		cancel()
		w.must(<-ended)
	}()

	watcher, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	w.must(err)
	await := func(state commercev1.CircuitState) {
		t.Helper()
		limited, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		events, err := watcher.Watch(limited, &commercev1.PaymentGatewayList{}, client.MatchingFields{"metadata.name": w.namespace})
		w.must(err)
		defer events.Stop()
		for event := range events.ResultChan() {
			if gateway, ok := event.Object.(*commercev1.PaymentGateway); ok && gateway.Status.Circuit.State == state {
				return
			}
		}
		t.Fatalf("the circuit is not shown as %s, but %+v", state, w.getGateway().Status)
	}
	await(commercev1.CircuitClosed)
	guards, settings := w.services.Payment.Guards(), payment.Settings(w.client)(w.namespace)
	for range guard.DefaultFailureThreshold {
		permit, _ := guards.Enter(saga.OrderID{Namespace: w.namespace, Name: "order"}, w.namespace, guard.Undoing, settings)
		permit.Done(guard.Failed)
	}
	await(commercev1.CircuitOpen)
	w.clock.advance(guard.DefaultOpenFor)
	guards.Look(w.namespace)
	await(commercev1.CircuitHalfOpen)
}
