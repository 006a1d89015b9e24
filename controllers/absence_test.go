// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// delete deletes the Order, and has the operator see it.
func (w *world) delete(name string) {
	w.Helper()
	w.deleteUnseen(name)
	w.orders.Deleted(saga.OrderID{Namespace: w.namespace, Name: name})
}

func (w *world) deleteUnseen(name string) {
	w.Helper()
	w.must(admin.Delete(w.Context(), w.get(name)))
}

// expectSuspended compares when the order is cancelled because its Order is gone.
func (w *world) expectSuspended(name string, grace time.Duration) {
	w.Helper()
	suspended := w.orderOf(name).Suspended
	if suspended == nil || suspended.Reason != saga.ReasonOrderDeleted {
		w.Fatalf("order %s is suspended as %+v, wanted because it was deleted", name, suspended)
	}
	if got := suspended.CancelAt.Sub(w.clock.Now()); got != grace {
		w.Errorf("order %s is cancelled in %s, wanted %s", name, got, grace)
	}
}

func TestADeletedOrderIsCancelledAfterAMinute(t *testing.T) {
	w := newShop(t)
	w.charging("order")
	w.delete("order")
	result := w.reconcile("order")
	w.expectSuspended("order", time.Minute)
	if result.RequeueAfter <= 0 || result.RequeueAfter > time.Minute {
		t.Errorf("looks again after %s, wanted when the grace ends", result.RequeueAfter)
	}
	w.clock.advance(59 * time.Second)
	w.reconcile("order")
	if w.orderOf("order").Compensating {
		t.Fatal("cancelled before its grace was over")
	}
	w.clock.advance(time.Second)
	w.until("order", func() bool { return w.orderOf("order").Outcome == saga.Cancelled })
	if charged, refunded := w.charged(); charged != 150_000 || refunded != 150_000 {
		t.Errorf("the ledger has %d charged and %d refunded, wanted all back", charged, refunded)
	}
	if reason := w.orderOf("order").Reason; reason != saga.ReasonOrderDeleted {
		t.Errorf("cancelled because of %s, wanted OrderDeleted", reason)
	}
}

func TestADeletedOrderGoesOnWhenItIsCreatedAgain(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order"))
	_, err := w.orders.Reconcile(t.Context(), w.request("order"))
	w.must(err)
	w.delete("order")
	w.reconcile("order")
	w.expectSuspended("order", time.Minute)
	for range 3 {
		w.reconcile("order")
	}
	if charged, _ := w.charged(); charged != 0 {
		t.Errorf("charged %d cents without an Order", charged)
	}
	w.clock.advance(59 * time.Second)
	w.create(w.newOrder("order"))
	w.expectConditions(w.run("order", ended), "Succeeded=True Completed", "Ready=True Completed")
}

func TestAnOrderThatIsCreatedAgainSuspendedStaysSo(t *testing.T) {
	w := newShop(t)
	w.charging("order")
	w.delete("order")
	w.reconcile("order")
	w.create(w.newOrder("order", func(o *commercev1.Order) {
		o.Spec.Suspend, o.Spec.Shipping.CarrierName = new(true), w.later()
	}))
	w.reconcile("order")
	suspended := w.orderOf("order").Suspended
	if suspended == nil || suspended.Reason != saga.ReasonSuspended || !suspended.CancelAt.IsZero() {
		t.Errorf("suspended as %+v, wanted as its user says, for as long as its deadline allows", suspended)
	}
}

func TestAnOrderThatIsFoundMissingIsCancelledAfterAnHour(t *testing.T) {
	w := newShop(t)
	w.charging("order", func(o *commercev1.Order) { o.Spec.ActiveDeadlineSeconds = 7200 })
	w.deleteUnseen("order")
	w.reconcile("order")
	w.expectSuspended("order", time.Hour)
	w.reconcile("order")
	warnings := w.warnings()
	if len(warnings) != 1 || !strings.Contains(warnings[0], "Warning OrderMissing The Order of an open order is missing") {
		t.Errorf("warnings %q, wanted one", warnings)
	}
	w.clock.advance(time.Hour)
	w.until("order", func() bool { return w.orderOf("order").Outcome == saga.Cancelled })
}

// TestAnOrderWhoseNameWasGivenAwayIsGone has the Order be replaced by one of other content, which then takes its place.
func TestAnOrderWhoseNameWasGivenAwayIsGone(t *testing.T) {
	w := newShop(t)
	w.charging("order")
	w.delete("order")
	w.create(w.newOrder("order", func(o *commercev1.Order) {
		o.Spec.Items[1].Quantity, o.Spec.Attempt = 3, 2
	}))
	w.reconcile("order")
	w.expectSuspended("order", time.Minute)
	w.clock.advance(2 * time.Second)
	w.reconcile("order")
	w.expectConditions(w.get("order"), "Ready=False WaitingForEarlierAttempt", "Reconciling=True WaitingForEarlierAttempt")
	w.clock.advance(time.Minute)
	object := w.run("order", ended)
	w.expectConditions(object, "Succeeded=True Completed", "Ready=True Completed")
	if object.Status.Attempt != 2 || object.Status.Charged != "1650.00" {
		t.Errorf("attempt %d charged %s, wanted 2 and 1650.00", object.Status.Attempt, object.Status.Charged)
	}
}

// TestTooManyMissingOrdersAreHeld deletes six of ten orders, of which five go on later.
func TestTooManyMissingOrdersAreHeld(t *testing.T) {
	w := newShop(t)
	names := make([]string, 10)
	for i := range names {
		names[i] = fmt.Sprintf("order-%d", i)
		w.charging(names[i])
	}
	for _, name := range names[:6] {
		w.delete(name)
		w.reconcile(name)
		w.expectSuspended(name, time.Minute)
	}
	w.clock.advance(2 * time.Minute)
	for _, name := range names {
		if result := w.reconcile(name); w.orderOf(name).Compensating || result.RequeueAfter <= 0 {
			t.Errorf("order %s was not held: looks again after %s", name, result.RequeueAfter)
		}
	}
	restarted := w.orderReconciler(w.client)
	if _, err := restarted.Reconcile(t.Context(), w.request(names[0])); err != nil || w.orderOf(names[0]).Compensating {
		t.Errorf("order %s was not held after a restart: %v", names[0], err)
	}

	w.create(w.newOrder(names[5], func(o *commercev1.Order) { o.Spec.Shipping.CarrierName = w.later() }))
	w.reconcile(names[5])
	if w.orderOf(names[5]).Suspended != nil {
		t.Error("an order that is there again does not go on")
	}
	w.clock.advance(time.Minute)
	for _, name := range names[:5] { // five may be missing
		w.until(name, func() bool { return w.orderOf(name).Outcome == saga.Cancelled })
	}
}

func TestAHeldOrderIsCancelledAtItsDeadline(t *testing.T) {
	w := newShop(t)
	for i := range 6 {
		name := fmt.Sprintf("order-%d", i)
		w.charging(name)
		w.delete(name)
		w.reconcile(name)
	}
	w.clock.advance(59 * time.Minute)
	w.reconcile("order-0")
	if w.orderOf("order-0").Compensating {
		t.Fatal("was not held")
	}
	w.clock.advance(2 * time.Minute)
	w.until("order-0", func() bool { return w.orderOf("order-0").Outcome == saga.Cancelled })
}

func TestTheOrdersOfANamespaceThatIsDeletedAreCancelled(t *testing.T) {
	w := newShop(t)
	names := make([]string, 7)
	for i := range names {
		names[i] = fmt.Sprintf("order-%d", i)
		w.charging(names[i])
	}
	w.must(admin.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}))
	for _, name := range names {
		w.delete(name)
		w.reconcile(name)
	}
	w.clock.advance(time.Minute)
	for _, name := range names {
		w.until(name, func() bool { return w.orderOf(name).Outcome == saga.Cancelled })
	}
}

// TestAnOrderThatIsNotSurelyGoneIsLeftAlone has the API server say different things of the CRD, and the cache lag.
func TestAnOrderThatIsNotSurelyGoneIsLeftAlone(t *testing.T) {
	notFound := apierrors.NewNotFound(schema.GroupResource{Resource: "customresourcedefinitions"}, "orders")
	for _, test := range []struct {
		name       string
		definition func(*metav1.PartialObjectMetadata) error
	}{
		{"its CRD is gone", func(*metav1.PartialObjectMetadata) error { return notFound }},
		{"its CRD is being deleted", func(o *metav1.PartialObjectMetadata) error {
			o.DeletionTimestamp = new(metav1.Now())
			return nil
		}},
		{"its CRD was created again", func(o *metav1.PartialObjectMetadata) error {
			o.CreationTimestamp = metav1.NewTime(time.Now().Add(time.Hour))
			return nil
		}},
		{"the API server does not answer", func(*metav1.PartialObjectMetadata) error { return apierrors.NewInternalError(context.DeadlineExceeded) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newShop(t)
			w.charging("order")
			w.delete("order")
			w.orders.Live = w.clientThatReads(test.definition)
			_, _ = w.orders.Reconcile(t.Context(), w.request("order"))
			if order := w.orderOf("order"); order.Suspended != nil {
				t.Errorf("suspended as %+v", order.Suspended)
			}
		})
	}
	t.Run("the cache lags", func(t *testing.T) {
		w := newShop(t)
		w.charging("order")
		empty := interceptor.NewClient(w.plainClient(), interceptor.Funcs{
			Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
				return notFound
			},
		})
		reconciler := w.orderReconciler(empty)
		result, err := reconciler.Reconcile(t.Context(), w.request("order"))
		w.must(err)
		if w.orderOf("order").Suspended != nil || result.RequeueAfter <= 0 {
			t.Errorf("suspended although it is there; looks again after %s", result.RequeueAfter)
		}
	})
}

func (w *world) plainClient() client.WithWatch {
	w.Helper()
	plain, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	w.must(err)
	return plain
}

// clientThatReads returns a client that reads everything as it is, but for CRDs.
func (w *world) clientThatReads(definition func(*metav1.PartialObjectMetadata) error) client.Client {
	w.Helper()
	return interceptor.NewClient(w.plainClient(), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			if err := c.Get(ctx, key, object, options...); err != nil {
				return err
			}
			if metadata, ok := object.(*metav1.PartialObjectMetadata); ok {
				return definition(metadata)
			}
			return nil
		},
	})
}

func TestAnOrderFromABackupIsHeldUntilItIsResumed(t *testing.T) {
	for _, test := range []struct {
		name   string
		resume func(*commercev1.Order)
	}{
		{"by spec.suspend", func(o *commercev1.Order) { o.Spec.Suspend = new(false) }},
		{"by removing the label", func(o *commercev1.Order) { o.Labels = nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newShop(t)
			w.create(w.newOrder("order", func(o *commercev1.Order) {
				o.Labels = map[string]string{commercev1.LabelRestored: "true"}
			}))
			w.reconcile("order")
			w.clock.advance(2 * time.Second)
			w.reconcile("order")
			if w.orderOf("order").Created() {
				t.Fatal("was recorded")
			}
			w.expectConditions(w.get("order"), "Ready=False Suspended", "Reconciling=True Suspended")
			writes := w.writes.Load()
			w.clock.advance(time.Hour)
			w.reconcile("order")
			if w.writes.Load() != writes {
				t.Error("says the same again")
			}
			object := w.get("order")
			test.resume(object)
			w.must(admin.Update(t.Context(), object))
			w.reconcile("order")
			w.expectConditions(w.run("order", ended), "Succeeded=True Completed", "Ready=True Completed")
		})
	}
}

func TestAnOrderFromABackupThatTheStoreKnowsIsNotHeld(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order"))
	w.run("order", ended)
	w.deleteUnseen("order")
	w.create(w.newOrder("order", func(o *commercev1.Order) {
		o.Labels = map[string]string{commercev1.LabelRestoredByVelero: "backup-17"}
	}))
	w.expectConditions(w.run("order", ended), "Succeeded=True Completed", "Ready=True Completed")
	if charged, _ := w.charged(); charged != 150_000 {
		t.Errorf("charged %d cents, wanted 150000", charged)
	}
}
