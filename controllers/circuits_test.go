// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/payment"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/shipping"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

// breaking makes the gateway one whose circuit opens after two failures in a row, for a minute.
func (w *world) breaking() {
	w.Helper()
	gateway := w.getGateway()
	gateway.Spec.CircuitBreaker = commercev1.ProviderCircuitBreaker{FailureThreshold: 2, OpenSeconds: 60}
	w.must(admin.Update(w.Context(), gateway))
}

// show has the status of the gateway's circuit written, and returns it in words.
func (w *world) show() string {
	w.Helper()
	w.reconcileCircuits(payment.Circuits(w.client, w.services.Payment))
	status := w.getGateway().Status
	words := []string{circuitWords(status.Circuit)}
	if available := apimeta.FindStatusCondition(status.Conditions, "Available"); available != nil {
		words = append(words, fmt.Sprintf("Available=%s %s", available.Status, available.Reason))
	}
	return strings.Join(words, ", ")
}

func circuitWords(circuit commercev1.ProviderCircuit) string {
	words := []string{string(circuit.State) + ":"}
	for _, operation := range circuit.Operations {
		words = append(words, operation.Name+"="+string(operation.State))
	}
	return strings.Join(words, " ")
}

func (w *world) reconcileCircuits(circuits *kube.Circuits) {
	w.Helper()
	_, err := circuits.Reconcile(w.Context(), w.request(w.namespace))
	w.must(err)
}

// fails has an order fail once at the gateway.
func (w *world) fails(name string) {
	w.Helper()
	w.create(w.newOrder(name, func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_fail_1" }))
	w.until(name, func() bool { return w.orderOf(name).Step("ProcessPayment").Forward.Failures > 0 })
}

const (
	allClosed = "Closed: Charging=Closed LookingUp=Closed Refunding=Closed, Available=True CircuitClosed"
	open      = "Open: Charging=Open LookingUp=Closed Refunding=Closed, Available=False CircuitOpen"
	halfOpen  = "HalfOpen: Charging=HalfOpen LookingUp=Closed Refunding=Closed, Available=False CircuitHalfOpen"
)

func TestAGatewayThatFailsShowsItOnceAndItsOrdersWaitAndGoOn(t *testing.T) {
	w := newShop(t)
	w.breaking()
	if got := w.show(); got != allClosed {
		t.Errorf("at first: %s", got)
	}
	w.fails("first")
	w.fails("second")
	if got := w.show(); got != open {
		t.Errorf("after two failures: %s", got)
	}
	message := apimeta.FindStatusCondition(w.getGateway().Status.Conditions, "Available").Message
	if !strings.Contains(message, "Charging: 2 calls in a row have failed") || !strings.Contains(message, "1m0s") {
		t.Errorf("message %q", message)
	}

	w.create(w.newOrder("third"))
	w.until("third", func() bool { return w.orderOf("third").Step("ProcessPayment").Waiting != nil })
	w.clock.advance(10 * time.Second)
	w.reconcile("third")
	w.expectConditions(w.get("third"), "Ready=False GatewayUnavailable", "Reconciling=True GatewayUnavailable")
	if got := w.get("third").Status.Steps[1]; got.Attempts != 0 || !strings.Contains(got.Message, "paymentgateway/"+w.namespace) {
		t.Errorf("step %+v", got)
	}

	before := w.writes.Load()
	for range 3 {
		if got := w.show(); got != open {
			t.Errorf("still open: %s", got)
		}
	}
	if writes := w.writes.Load() - before; writes != 0 {
		t.Errorf("%d writes although nothing has changed", writes)
	}

	w.clock.advance(time.Minute)
	w.services.Payment.Guards().Look(w.namespace)
	w.expectConditions(w.run("third", ended), "Succeeded=True Completed", "Ready=True Completed")
	if got := w.show(); got != allClosed {
		t.Errorf("at the end: %s", got)
	}
	for _, name := range []string{"first", "second"} {
		w.expectConditions(w.run(name, ended), "Succeeded=True Completed", "Ready=True Completed")
	}
}

func TestAHalfOpenCircuitIsShown(t *testing.T) {
	w := newShop(t)
	w.breaking()
	w.fails("first")
	w.fails("second")
	if got := w.show(); got != open {
		t.Errorf("open: %s", got)
	}
	since := w.getGateway().Status.Circuit.Since.Time
	w.clock.advance(time.Minute)
	if got := w.show(); got != halfOpen {
		t.Errorf("half open: %s", got)
	}
	if now := w.getGateway().Status.Circuit.Since.Time; now.Sub(since) != time.Minute {
		t.Errorf("half open since %v, open since %v", now, since)
	}
}

func TestAChangedGatewayIsTriedAtOnce(t *testing.T) {
	w := newShop(t)
	w.breaking()
	w.fails("first")
	w.fails("second")
	w.create(w.newOrder("third"))
	w.until("third", func() bool { return w.orderOf("third").Step("ProcessPayment").Waiting != nil })
	gateway := w.getGateway()
	gateway.Spec.TimeoutSeconds = 5
	w.must(admin.Update(t.Context(), gateway))
	if got := w.show(); got != allClosed {
		t.Errorf("after the change: %s", got)
	}
	w.expectConditions(w.run("third", ended), "Succeeded=True Completed", "Ready=True Completed")
}

func TestACircuitThatIsAsItWasIsNotWrittenByTheNextProcess(t *testing.T) {
	w := newShop(t)
	if got := w.show(); got != allClosed {
		t.Errorf("at first: %s", got)
	}
	w.clock.advance(time.Hour)
	before := w.writes.Load()
	w.services.Payment.Guards().Forget(w.namespace) // as a new process knows nothing
	if got := w.show(); got != allClosed || w.writes.Load() != before {
		t.Errorf("%s after %d writes", got, w.writes.Load()-before)
	}
}

func TestACarrierShowsItsCircuitToo(t *testing.T) {
	w := newShop(t)
	w.reconcileCircuits(shipping.Circuits(w.client, w.services.Shipping))
	var carrier commercev1.Carrier
	w.must(admin.Get(t.Context(), client.ObjectKey{Name: w.namespace}, &carrier))
	if got := circuitWords(carrier.Status.Circuit); got != "Closed: Creating=Closed LookingUp=Closed Cancelling=Closed" {
		t.Error(got)
	}
	if !apimeta.IsStatusConditionTrue(carrier.Status.Conditions, "Available") {
		t.Errorf("%+v", carrier.Status.Conditions)
	}
	w.must(admin.Delete(t.Context(), &carrier))
	w.reconcileCircuits(shipping.Circuits(w.client, w.services.Shipping)) // nothing to show, and no error
}

func TestTheSpecSaysHowAProviderIsCalled(t *testing.T) {
	w := newShop(t)
	gateway := w.getGateway()
	gateway.Spec.TimeoutSeconds = 3
	gateway.Spec.Retry = commercev1.ProviderRetry{InitialBackoffMilliseconds: 100, MaxBackoffSeconds: 60}
	gateway.Spec.CircuitBreaker = commercev1.ProviderCircuitBreaker{FailureThreshold: 7, OpenSeconds: 90}
	gateway.Spec.Limits = commercev1.ProviderLimits{RequestsPerSecond: 20, Burst: 40, Concurrency: 8}
	w.must(admin.Update(t.Context(), gateway))
	got := payment.Settings(w.client)(w.namespace)
	want := got
	want.Timeout, want.InitialBackoff, want.MaxBackoff = 3*time.Second, 100*time.Millisecond, time.Minute
	want.FailureThreshold, want.OpenFor = 7, 90*time.Second
	want.RequestsPerSecond, want.Burst, want.Concurrency = 20, 40, 8
	if got != want || got.Revision == "" {
		t.Errorf("%+v", got)
	}
	w.create(w.newOrder("order"))
	w.run("order", ended)
	if deadline := w.orderOf("order").Step("ProcessPayment").Forward.Last.Deadline; !deadline.Equal(w.clock.Now().Add(3 * time.Second)) {
		t.Errorf("the call had to end at %v, recorded at %v", deadline, w.clock.Now())
	}
}

// TestMendedCredentialsAreTriedAtOnce has a gateway whose provider refuses the operator's secret until somebody mends the
// Secret: nobody waits for the circuit to half-open.
func TestMendedCredentialsAreTriedAtOnce(t *testing.T) {
	w := newStall(t)
	process := providertest.Start(t, provider.Options{})
	secret := w.createSecret("provider", map[string]string{"secret": "a secret that is not the provider's"})
	spec := webhookGateway(process.URL())
	spec.CircuitBreaker = commercev1.ProviderCircuitBreaker{FailureThreshold: 1, OpenSeconds: 3600}
	w.gateway(spec)
	w.gateways.Gateways.WhenRenewed(w.services.Payment.Guards().Reset)
	w.reconcileGateway()
	w.create(w.newOrder("first"))
	w.until("first", func() bool { return w.orderOf("first").Step(saga.ProcessPayment).Forward.Failures > 0 })
	w.create(w.newOrder("second"))
	w.until("second", func() bool { return w.orderOf("second").Step(saga.ProcessPayment).Waiting != nil })
	if got := w.show(); got != open {
		t.Errorf("with the wrong secret: %s", got)
	}
	if result := w.reconcileGateway(); result.RequeueAfter > 15*time.Second {
		t.Errorf("looks again after %s, wanted soon", result.RequeueAfter)
	}

	secret.StringData = map[string]string{"secret": signing}
	w.must(admin.Update(t.Context(), secret))
	w.reconcileGateway()
	w.expectGateway("Ready=True Configured")
	w.expectConditions(w.run("second", ended), "Succeeded=True Completed", "Ready=True Completed")
	if got := w.show(); got != allClosed {
		t.Errorf("with the right secret: %s", got)
	}
	w.clock.advance(time.Minute) // how long the first one was to wait
	w.expectConditions(w.run("first", ended), "Succeeded=True Completed", "Ready=True Completed")
}
