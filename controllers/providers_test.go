// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
	"github.com/eventcore/order-operator/test/stripefake"
)

// signing is the secret of the provider's process.
const signing = "the secret of the provider under test"

func (w *world) createSecret(name string, data map[string]string) *corev1.Secret {
	w.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}, StringData: data}
	w.must(admin.Create(w.Context(), secret))
	return secret
}

// gateway creates the world's gateway with the provider.
func (w *world) gateway(spec commercev1.PaymentGatewaySpec) {
	w.Helper()
	w.must(admin.Create(w.Context(), &commercev1.PaymentGateway{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}, Spec: spec}))
}

func webhookGateway(url string) commercev1.PaymentGatewaySpec {
	return commercev1.PaymentGatewaySpec{Provider: commercev1.PaymentGatewayProvider{
		Webhook: &commercev1.WebhookProvider{URL: url, CredentialsSecretName: "provider"},
	}}
}

func (w *world) reconcileGateway() reconcile.Result {
	w.Helper()
	result, err := w.gateways.Reconcile(w.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Name: w.namespace}})
	w.must(err)
	return result
}

func (w *world) getGateway() *commercev1.PaymentGateway {
	w.Helper()
	var gateway commercev1.PaymentGateway
	w.must(admin.Get(w.Context(), client.ObjectKey{Name: w.namespace}, &gateway))
	return &gateway
}

// expectGateway compares the gateway's condition, written as Ready=Status Reason, and returns its message.
func (w *world) expectGateway(wanted string) string {
	w.Helper()
	ready := apimeta.FindStatusCondition(w.getGateway().Status.Conditions, commercev1.ConditionReady)
	if got := fmt.Sprintf("Ready=%s %s", ready.Status, ready.Reason); got != wanted {
		w.Errorf("the gateway is %s (%s), wanted %s", got, ready.Message, wanted)
	}
	return ready.Message
}

// newStall returns a world with stock, and a simulated carrier, but no gateway.
func newStall(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.createCarrier()
	w.supplies("laptop-001", 10)
	w.supplies("mouse-001", 50)
	return w
}

func TestAWebhookGatewayWaitsForItsSecretAndThenCharges(t *testing.T) {
	w := newStall(t)
	process := providertest.Start(t, provider.Options{})
	w.gateway(webhookGateway(process.URL()))
	result := w.reconcileGateway()
	if message := w.expectGateway("Ready=False SecretNotFound"); !strings.Contains(message, w.namespace+"/provider is not there") {
		t.Errorf("message %q names no Secret", message)
	}
	if result.RequeueAfter <= 0 || result.RequeueAfter > 15*time.Second {
		t.Errorf("looks again after %s, wanted soon", result.RequeueAfter)
	}

	w.create(w.newOrder("order"))
	w.until("order", func() bool { return w.orderOf("order").Step(saga.ProcessPayment).Waiting != nil })
	w.clock.advance(time.Minute)
	w.reconcile("order")
	w.expectConditions(w.get("order"), "Ready=False WaitingForGateway", "Reconciling=True WaitingForGateway")

	w.createSecret("provider", map[string]string{"secret": signing})
	w.reconcileGateway()
	w.expectGateway("Ready=True Configured")
	if got := w.getGateway().Status.Provider; got != "webhook" {
		t.Errorf("provider %q, wanted webhook", got)
	}
	w.expectConditions(w.run("order", ended), "Succeeded=True Completed", "Ready=True Completed")
	if charged := w.get("order").Status.Charged; charged != "1500.00" {
		t.Errorf("charged %s, wanted 1500.00", charged)
	}
}

func TestAGatewayTellsWhatIsWrongWithIt(t *testing.T) {
	for _, test := range []struct {
		name    string
		spec    commercev1.PaymentGatewaySpec
		secret  map[string]string
		wanted  string
		message string
	}{
		{
			name: "a Secret without the key", spec: webhookGateway("https://provider.example.com"),
			secret: map[string]string{"password": "0123456789abcdef"}, wanted: "SecretNotFound", message: "has no key secret",
		},
		{
			name: "a secret that is too short", spec: webhookGateway("https://provider.example.com"),
			secret: map[string]string{"secret": "hunter2"}, wanted: "SecretInvalid", message: "has 7 bytes: it must have 16",
		},
		{
			name: "plain HTTP to another machine", spec: webhookGateway("http://provider.example.com"),
			secret: map[string]string{"secret": signing}, wanted: "ConfigurationInvalid", message: "use https, or allow plain http",
		},
		{
			name: "authorities that are none", spec: webhookGateway("https://provider.example.com"),
			secret: map[string]string{"secret": signing, "ca.crt": "hunter2"}, wanted: "ConfigurationInvalid", message: "the CA holds no certificate",
		},
		{
			name: "a key that is not Stripe's",
			spec: commercev1.PaymentGatewaySpec{Provider: commercev1.PaymentGatewayProvider{
				Stripe: &commercev1.StripeProvider{CredentialsSecretName: "provider"},
			}},
			secret: map[string]string{"secretKey": "pk_live_hunter2"}, wanted: "SecretInvalid", message: "must begin with sk_ or rk_",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.createSecret("provider", test.secret)
			w.gateway(test.spec)
			w.reconcileGateway()
			message := w.expectGateway("Ready=False " + test.wanted)
			if !strings.Contains(message, test.message) || strings.Contains(message, "hunter2") {
				t.Errorf("message %q does not tell of %q, or tells too much", message, test.message)
			}
			writes := w.writes.Load()
			w.reconcileGateway()
			if w.writes.Load() != writes {
				t.Error("says the same again")
			}
		})
	}
}

func TestAStripeGatewayChargesAndRefunds(t *testing.T) {
	w := newStall(t)
	fake := stripefake.Start(t, filepath.Join(t.TempDir(), "stripe.db"))
	w.createSecret("provider", map[string]string{"secretKey": stripefake.SecretKey + "\n"})
	w.gateway(commercev1.PaymentGatewaySpec{Provider: commercev1.PaymentGatewayProvider{
		Stripe: &commercev1.StripeProvider{CredentialsSecretName: "provider", URL: fake.URL},
	}})
	w.reconcileGateway()
	w.expectGateway("Ready=True Configured")
	visa := func(o *commercev1.Order) { o.Spec.Payment.Token = "pm_card_visa" }
	w.create(w.newOrder("order", visa))
	object := w.run("order", ended)
	w.expectConditions(object, "Succeeded=True Completed", "Ready=True Completed")
	if reference := object.Status.Payment.Reference; !strings.HasPrefix(reference, "pi_") {
		t.Errorf("payment reference %q is no PaymentIntent", reference)
	}
	w.create(w.newOrder("refused", visa, func(o *commercev1.Order) { o.Spec.Shipping.Address.Name = "SIM REFUSE" }))
	if object := w.run("refused", ended); object.Status.Refunded != "1500.00" {
		t.Errorf("refunded %s, wanted 1500.00", object.Status.Refunded)
	}
}

func TestAWebhookCarrierShips(t *testing.T) {
	w := newWorld(t)
	w.createGateway()
	w.supplies("laptop-001", 10)
	w.supplies("mouse-001", 50)
	process := providertest.Start(t, provider.Options{})
	w.createSecret("provider", map[string]string{"secret": signing})
	w.must(admin.Create(t.Context(), &commercev1.Carrier{
		ObjectMeta: metav1.ObjectMeta{Name: w.namespace},
		Spec: commercev1.CarrierSpec{Provider: commercev1.CarrierProvider{
			Webhook: &commercev1.WebhookProvider{URL: process.URL(), CredentialsSecretName: "provider"},
		}},
	}))
	_, err := w.carriers.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Name: w.namespace}})
	w.must(err)
	w.create(w.newOrder("order"))
	w.expectConditions(w.run("order", ended), "Succeeded=True Completed", "Ready=True Completed")
}

// TestAChangedSecretIsUsedAtOnce has the provider and the Secret change their secret between two orders.
func TestAChangedSecretIsUsedAtOnce(t *testing.T) {
	w := newStall(t)
	process := providertest.Start(t, provider.Options{})
	secret := w.createSecret("provider", map[string]string{"secret": signing})
	w.gateway(webhookGateway(process.URL()))
	w.reconcileGateway()
	w.create(w.newOrder("first"))
	w.run("first", ended)

	const another = "another secret of the provider"
	w.must(process.SetSecret([]byte(another)))
	secret.StringData = map[string]string{"secret": another}
	w.must(admin.Update(t.Context(), secret))
	w.create(w.newOrder("second"))
	w.expectConditions(w.run("second", ended), "Succeeded=True Completed", "Ready=True Completed")
}

func TestAGatewayIsForTheNamespacesThatItAllows(t *testing.T) {
	w := newStall(t)
	spec := commercev1.PaymentGatewaySpec{
		Provider:          commercev1.PaymentGatewayProvider{Simulated: &commercev1.SimulatedPaymentProvider{}},
		AllowedNamespaces: []string{"elsewhere"},
	}
	w.gateway(spec)
	w.create(w.newOrder("order"))
	w.until("order", func() bool { return w.orderOf("order").Step(saga.ProcessPayment).Waiting != nil })
	gateway := w.getGateway()
	gateway.Spec.AllowedNamespaces = append(gateway.Spec.AllowedNamespaces, w.namespace)
	w.must(admin.Update(t.Context(), gateway))
	w.expectConditions(w.run("order", ended), "Succeeded=True Completed", "Ready=True Completed")
}

// TestADeletedGatewayStaysUntilItsOrdersAreAtTheirEnd deletes the gateway of an order that is then refunded through it.
func TestADeletedGatewayStaysUntilItsOrdersAreAtTheirEnd(t *testing.T) {
	w := newShop(t)
	w.reconcileGateway()
	w.charging("order")
	w.must(admin.Delete(t.Context(), w.getGateway()))
	result := w.reconcileGateway()
	if message := w.expectGateway("Ready=False InUse"); !strings.Contains(message, w.namespace+"/order") {
		t.Errorf("message %q names no order", message)
	}
	if result.RequeueAfter <= 0 || result.RequeueAfter > time.Minute {
		t.Errorf("looks again after %s, wanted soon", result.RequeueAfter)
	}
	w.create(w.newOrder("late"))
	w.until("late", func() bool { return w.orderOf("late").Step(saga.ProcessPayment).Waiting != nil })

	w.change("order", cancel)
	if object := w.run("order", ended); object.Status.Refunded != "1500.00" {
		t.Errorf("refunded %s through the deleted gateway, wanted 1500.00", object.Status.Refunded)
	}
	w.reconcileGateway()
	err := admin.Get(t.Context(), client.ObjectKey{Name: w.namespace}, &commercev1.PaymentGateway{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the gateway stays although no order needs it: %v", err)
	}
}
