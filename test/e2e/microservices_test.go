// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/test/harness"
)

// TestMicroservices is about the overlay microservices: a Deployment for each service, which meet in the database.
func TestMicroservices(t *testing.T) {
	workloads := make([]string, 0, len(services))
	for _, service := range services {
		workloads = append(workloads, "deployment/"+service)
	}
	w := install(t, "overlays/microservices", workloads...)
	t.Run("every right is as documented", func(t *testing.T) { rightsAsDocumented(t, services...) })
	t.Run("orders are carried out", func(t *testing.T) {
		t.Helper()
		w.amid(t, "undisturbed", func(*testing.T) {})
	})
	for _, stopped := range []struct{ service, reason string }{
		{orderAccount, commercev1.ReasonPending},
		{inventoryAccount, commercev1.ReasonReservingStock},
		{paymentAccount, commercev1.ReasonProcessingPayment},
		{shippingAccount, commercev1.ReasonCreatingShipment},
	} {
		t.Run(stopped.service+" is stopped, and resumed", func(t *testing.T) {
			t.Helper()
			w.stopService(t, stopped.service, stopped.reason)
		})
	}
	t.Run("nothing is left behind", w.uninstall)
}

// stopService stops one of the four in the middle of sagas. An order that comes meanwhile gets as far as its step, and
// waits there, until the service is back.
func (w *world) stopService(t *testing.T, service, reason string) {
	t.Helper()
	namespace := "without-" + strings.TrimPrefix(service, "order-operator-")
	w.amid(t, namespace, func(t *testing.T) {
		t.Helper()
		deployment := "deployment/" + service
		kubectl(t, "scale", "--namespace", system, deployment, "--replicas=0")
		kubectl(t, "wait", "--namespace", system, "--for=delete", "pod", "--timeout=2m",
			"--selector=app.kubernetes.io/component="+strings.TrimPrefix(service, "order-operator-"))
		order(t, namespace, "meanwhile")
		await(t, "the order waits before the step of "+service, func(ctx context.Context) (bool, error) {
			got, err := statusOf(ctx, namespace, "meanwhile")
			return got == reason, err
		})
		w.others(t, service)
		begin := time.Now()
		kubectl(t, "scale", "--namespace", system, deployment, "--replicas=2")
		ended, err := shared.kind.WaitForOrders(patiently(t), namespace, "meanwhile")
		if err != nil {
			t.Fatal(err)
		}
		if outcome := ended["meanwhile"].Status.Outcome; outcome != commercev1.OutcomeCompleted {
			t.Errorf("the order ended as %s: %s", outcome, harness.Describe(ended["meanwhile"]))
		}
		t.Logf("the order waited as %s, and was completed %s after the service was resumed", reason, seconds(begin))
		w.rollout(t)
	})
}

// others checks that the other services are ready and were not restarted.
func (w *world) others(t *testing.T, stopped string) {
	t.Helper()
	for _, service := range slices.DeleteFunc(slices.Clone(services), func(s string) bool { return s == stopped }) {
		kubectl(t, "wait", "--namespace", system, "--for=condition=Available", "deployment/"+service, "--timeout=1m")
	}
	if restarts := w.restarts(t); restarts != 0 {
		t.Errorf("the services were restarted %d times", restarts)
	}
}
