// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/eventcore"
)

// newShop returns a world with ten laptops, fifty mice and working providers.
func newShop(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.providers()
	w.supplies("laptop-001", 10)
	w.supplies("mouse-001", 50)
	w.writes.Store(0)
	w.store.appends.Store(0)
	return w
}

func TestAFastOrderCostsSevenCommitsAndOneStatusWrite(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order-001"))
	object := w.run("order-001", ended)

	w.expectConditions(object, "Succeeded=True Completed", "Ready=True Completed")
	if got := object.Status.Outcome; got != commercev1.OutcomeCompleted {
		t.Errorf("outcome %q, wanted Completed", got)
	}
	w.expectMoney(object, "1500.00", "0.00")
	w.expectSteps(object, "ReserveStock=Succeeded", "ProcessPayment=Succeeded", "CreateShipment=Succeeded")
	if writes := w.writes.Load(); writes != 1 {
		t.Errorf("%d status writes, wanted 1", writes)
	}
	if appends := w.store.appends.Load(); appends != 7 {
		t.Errorf("%d commits, wanted 7", appends)
	}
	if object.Status.Shipment.TrackingNumber == "" || object.Status.Payment.Reference == "" {
		t.Errorf("the providers' references are missing: %+v", object.Status)
	}
}

func TestTheStatusStandsAtTheLastEventOfTheOrdersStream(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order-001"))
	object := w.run("order-001", ended)

	var last eventcore.Event
	stream := w.orderOf("order-001").ID.Stream()
	for event, err := range w.store.Read(t.Context(), eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{stream}}}) {
		w.must(err)
		last = event
	}
	history := object.Status.History
	if history.Position != int64(last.Position) || history.StoreID != w.store.Identity().StoreID.String() || history.Epoch != 1 {
		t.Errorf("history %+v, wanted position %d of store %s", history, last.Position, w.store.Identity().StoreID)
	}
}

func TestEndsOfOrdersThatFail(t *testing.T) {
	for _, test := range []struct {
		name     string
		change   func(*commercev1.Order)
		reason   string
		message  string
		charged  string
		refunded string
		steps    []string
		commits  int64
	}{
		{
			name:    "an order of more than there is reserves nothing and charges nothing",
			change:  func(o *commercev1.Order) { o.Spec.Items[0].Quantity = 100 },
			reason:  commercev1.ReasonOutOfStock,
			message: "laptop-001: 100 ordered, 10 available",
			charged: "0.00", refunded: "0.00",
			steps:   []string{"ReserveStock=Refused", "ProcessPayment=Skipped", "CreateShipment=Skipped"},
			commits: 3,
		},
		{
			name:    "a declined payment releases the stock",
			change:  func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_decline" },
			reason:  commercev1.ReasonPaymentDeclined,
			message: "card_declined",
			charged: "0.00", refunded: "0.00",
			steps:   []string{"ReserveStock=Undone", "ProcessPayment=Refused", "CreateShipment=Skipped"},
			commits: 7,
		},
		{
			name:    "a refused shipment refunds the payment and releases the stock",
			change:  func(o *commercev1.Order) { o.Spec.Shipping.Address.Name = "SIM REFUSE" },
			reason:  commercev1.ReasonShipmentRefused,
			message: "address_refused",
			charged: "1500.00", refunded: "1500.00",
			steps:   []string{"ReserveStock=Undone", "ProcessPayment=Undone", "CreateShipment=Refused"},
			commits: 11,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newShop(t)
			w.create(w.newOrder("order", test.change))
			object := w.run("order", ended)

			w.expectConditions(object, "Succeeded=False "+test.reason, "Ready=False "+test.reason, "Stalled=True "+test.reason)
			if object.Status.Outcome != commercev1.OutcomeCancelled {
				t.Errorf("outcome %q, wanted Cancelled", object.Status.Outcome)
			}
			if ready := apimeta.FindStatusCondition(object.Status.Conditions, "Ready"); !strings.Contains(ready.Message, test.message) {
				t.Errorf("message %q does not tell of %q", ready.Message, test.message)
			}
			w.expectMoney(object, test.charged, test.refunded)
			w.expectSteps(object, test.steps...)
			if charged, refunded := w.charged(); charged != refunded {
				t.Errorf("the provider's ledger holds %d charged and %d refunded", charged, refunded)
			}
			if stock := w.stock("laptop-001"); stock != "10 available, 0 reserved, 0 shipped" {
				t.Errorf("laptops: %s", stock)
			}
			if commits := w.store.appends.Load(); commits != test.commits {
				t.Errorf("%d commits, wanted %d", commits, test.commits)
			}
		})
	}
}

func TestAnOrderThatWaitsSaysSoAfterASecondAndAtMostOnceASecond(t *testing.T) {
	w := newShop(t)
	w.must(admin.Delete(t.Context(), &commercev1.PaymentGateway{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}))
	w.create(w.newOrder("order"))
	w.run("order", func(*commercev1.Order) bool { return w.orderOf("order").Step("ProcessPayment").Waiting != nil })
	result := w.reconcile("order")
	if writes := w.writes.Load(); writes != 0 {
		t.Fatalf("%d status writes within the first second, wanted 0", writes)
	}
	if result.RequeueAfter <= 0 || result.RequeueAfter > time.Second {
		t.Errorf("looks again after %s, wanted within a second", result.RequeueAfter)
	}

	w.clock.advance(time.Second)
	w.reconcile("order")
	object := w.get("order")
	w.expectConditions(object, "Ready=False WaitingForGateway", "Reconciling=True WaitingForGateway")
	w.reconcile("order")
	if writes := w.writes.Load(); writes != 1 {
		t.Errorf("%d status writes, wanted 1", writes)
	}

	w.createGateway()
	w.run("order", ended)
	w.expectConditions(w.get("order"), "Succeeded=True Completed", "Ready=True Completed")
}

func TestAnOrderBeforeItsProductsWaitsForThem(t *testing.T) {
	w := newWorld(t)
	w.providers()
	w.supplies("laptop-001", 10)
	w.create(w.newOrder("order"))
	w.reconcile("order")
	w.clock.advance(2 * time.Second)
	w.reconcile("order")
	object := w.get("order")
	w.expectConditions(object, "Ready=False WaitingForProduct", "Reconciling=True WaitingForProduct")
	if message := object.Status.Steps[0].Message; message != "Waiting for product/mouse-001" {
		t.Errorf("step message %q", message)
	}
	w.supplies("mouse-001", 50)
	w.expectConditions(w.run("order", ended), "Succeeded=True Completed", "Ready=True Completed")
}

func TestAnOrderThatMissesItsDeadlineIsUndone(t *testing.T) {
	w := newShop(t)
	w.must(admin.Delete(t.Context(), &commercev1.PaymentGateway{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}))
	w.create(w.newOrder("order"))
	w.run("order", func(*commercev1.Order) bool { return w.orderOf("order").Step("ProcessPayment").Waiting != nil })
	result := w.reconcile("order")
	w.clock.advance(2 * time.Hour)
	if result.RequeueAfter > time.Hour {
		t.Errorf("looks again only after %s", result.RequeueAfter)
	}
	object := w.run("order", ended)
	w.expectConditions(object, "Succeeded=False DeadlineExceeded", "Ready=False DeadlineExceeded", "Stalled=True DeadlineExceeded")
	w.expectSteps(object, "ReserveStock=Undone", "ProcessPayment=Skipped", "CreateShipment=Skipped")
}

func TestReconcilingSettledOrdersWritesNothingAnywhere(t *testing.T) {
	w := newShop(t)
	names := []string{"completed", "declined", "short", "taken"}
	w.create(w.newOrder("completed"))
	w.create(w.newOrder("declined", func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_decline" }))
	w.create(w.newOrder("short", func(o *commercev1.Order) { o.Spec.Items[0].Quantity = 100 }))
	first := w.create(w.newOrder("taken"))
	for _, name := range names {
		w.run(name, ended)
	}
	w.must(admin.Delete(t.Context(), first))
	w.create(w.newOrder("taken", func(o *commercev1.Order) { o.Spec.Items[1].Quantity = 3 }))
	w.run("taken", ended)
	w.clock.advance(time.Hour)
	w.reconcileProduct("laptop-001")
	w.reconcileProduct("mouse-001")
	writes, appends := w.writes.Load(), w.store.appends.Load()

	for range 3 {
		w.clock.advance(time.Hour)
		for _, name := range names {
			if result := w.reconcile(name); !result.IsZero() {
				t.Errorf("order %s is to be reconciled again: %+v", name, result)
			}
		}
		w.reconcileProduct("laptop-001")
		w.reconcileProduct("mouse-001")
	}
	if got := w.writes.Load() - writes; got != 0 {
		t.Errorf("%d API writes", got)
	}
	if got := w.store.appends.Load() - appends; got != 0 {
		t.Errorf("%d appends", got)
	}
}

func TestAFinishedOrderThatIsAppliedAgainIsNotChargedAgain(t *testing.T) {
	w := newShop(t)
	first := w.create(w.newOrder("order-001"))
	w.run("order-001", ended)
	w.must(admin.Delete(t.Context(), first))
	w.reconcile("order-001")
	w.create(w.newOrder("order-001"))
	object := w.run("order-001", ended)

	w.expectConditions(object, "Succeeded=True Completed", "Ready=True Completed")
	message := apimeta.FindStatusCondition(object.Status.Conditions, "Ready").Message
	wanted := fmt.Sprintf("Fulfilled on %s by an earlier order of this name", w.clock.Now().Format(time.DateOnly))
	if !strings.Contains(message, wanted) || !strings.Contains(message, "nothing was charged again") {
		t.Errorf("message %q, wanted %q", message, wanted)
	}
	if charged, _ := w.charged(); charged != 150_000 {
		t.Errorf("charged %d cents, wanted 150000", charged)
	}
}

func TestTheSameNameWithOtherContentIsRejected(t *testing.T) {
	w := newShop(t)
	first := w.create(w.newOrder("order-001"))
	w.run("order-001", ended)
	w.must(admin.Delete(t.Context(), first))
	second := w.create(w.newOrder("order-001", func(o *commercev1.Order) { o.Spec.Items[1].Quantity = 3 }))
	object := w.run("order-001", ended)

	if object.Status.Outcome != commercev1.OutcomeRejected {
		t.Errorf("outcome %q, wanted Rejected", object.Status.Outcome)
	}
	w.expectConditions(object, "Succeeded=False NameTaken", "Ready=False NameTaken", "Stalled=True NameTaken")
	message := apimeta.FindStatusCondition(object.Status.Conditions, "Ready").Message
	if !strings.Contains(message, "spec.items") || !strings.Contains(message, "use a new name") {
		t.Errorf("message %q names neither the field nor the remedy", message)
	}
	w.must(admin.Delete(t.Context(), second))
	appends := w.store.appends.Load()
	w.reconcile("order-001")
	if w.store.appends.Load() != appends {
		t.Error("deleting the rejected Order was recorded")
	}
}

func TestAConflictIsNoErrorAndWritesNothingStale(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order"))
	stale := w.get("order")
	w.run("order", ended)

	cached := w.reconcilerWithCache(stale)
	result, err := cached.Reconcile(t.Context(), w.request("order"))
	if err != nil || result.RequeueAfter <= 0 {
		t.Errorf("a stale cache gave %+v, %v; wanted another try soon", result, err)
	}
}

func TestACacheThatLagsCausesNoSecondWrite(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order"))
	stale := w.get("order")
	cached := w.reconcilerWithCache(stale)
	w.orders = cached
	w.run("order", ended)
	writes := w.writes.Load()

	result, err := cached.Reconcile(t.Context(), w.request("order"))
	w.must(err)
	if w.writes.Load() != writes || !result.IsZero() {
		t.Errorf("%d more writes, result %+v", w.writes.Load()-writes, result)
	}
}

// reconcilerWithCache returns an order reconciler whose cache shows the object for ever.
func (w *world) reconcilerWithCache(stale *commercev1.Order) *order.Reconciler {
	plain, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	w.must(err)
	lagging := interceptor.NewClient(plain, interceptor.Funcs{
		Get: func(_ context.Context, _ client.WithWatch, _ client.ObjectKey, object client.Object, _ ...client.GetOption) error {
			stale.DeepCopyInto(object.(*commercev1.Order))
			return nil
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, subresource string, object client.Object, options ...client.SubResourceUpdateOption) error {
			w.writes.Add(1)
			return c.SubResource(subresource).Update(ctx, object, options...)
		},
	})
	return w.orderReconciler(lagging)
}
