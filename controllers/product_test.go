// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

func TestAProductIsSuppliedOnceAndShowsItsStock(t *testing.T) {
	w := newWorld(t)
	w.supplies("mouse-001", 50)
	w.reconcileProduct("mouse-001")
	w.expectStock("mouse-001", 50, 0, 0)
	w.expectReady("mouse-001", "True", commercev1.ReasonProjected)
	if appends := w.store.appends.Load(); appends != 1 {
		t.Errorf("%d appends, wanted 1", appends)
	}
	if writes := w.writes.Load(); writes != 1 {
		t.Errorf("%d status writes, wanted 1", writes)
	}
}

func TestAProductWithoutSupplyIsKnownAndEmpty(t *testing.T) {
	w := newWorld(t)
	product := &commercev1.Product{}
	product.Namespace, product.Name = w.namespace, "nothing"
	w.must(admin.Create(t.Context(), product))
	w.reconcileProduct("nothing")
	w.expectStock("nothing", 0, 0, 0)
	if stock := w.stock("nothing"); stock != "0 available, 0 reserved, 0 shipped" || w.store.appends.Load() != 1 {
		t.Errorf("%s after %d appends, wanted a recorded supply of nothing", stock, w.store.appends.Load())
	}
}

func TestTwoSourcesAddUpAndWhatIsRemovedIsTakenOff(t *testing.T) {
	w := newWorld(t)
	product := w.supplies("mouse-001", 50)
	product = w.getProduct(product.Name)
	product.Spec.Supply[0].Removed = new(int64(5))
	product.Spec.Supply = append(product.Spec.Supply, commercev1.ProductSupply{Source: "vendor", Received: new(int64(20))})
	w.must(admin.Update(t.Context(), product))
	w.clock.advance(time.Second)
	w.reconcileProduct("mouse-001")
	w.expectStock("mouse-001", 65, 0, 0)
}

func TestAProductsStatusIsWrittenAtMostOnceASecond(t *testing.T) {
	w := newShop(t)
	for _, name := range []string{"first", "second", "third"} {
		w.create(w.newOrder(name))
		w.run(name, ended)
		w.reconcileProduct("laptop-001")
	}
	result := w.reconcileProduct("laptop-001")
	w.expectStock("laptop-001", 10, 0, 0) // as of the first second
	if result.RequeueAfter <= 0 || result.RequeueAfter > time.Second {
		t.Errorf("looks again after %s, wanted within a second", result.RequeueAfter)
	}
	writes := w.writes.Load()
	w.clock.advance(result.RequeueAfter)
	w.reconcileProduct("laptop-001")
	w.expectStock("laptop-001", 7, 0, 3)
	if got := w.writes.Load() - writes; got != 1 {
		t.Errorf("%d status writes, wanted 1", got)
	}
}

func TestAProductCreatedAgainWithLessSaysSoAndChangesNothing(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order"))
	w.run("order", ended)
	w.must(admin.Delete(t.Context(), w.getProduct("laptop-001")))
	w.reconcileProduct("laptop-001")
	w.supplies("laptop-001", 4)
	w.expectReady("laptop-001", "False", commercev1.ReasonSupplyBehindHistory)
	w.expectStock("laptop-001", 9, 0, 1)
	ready := apimeta.FindStatusCondition(w.getProduct("laptop-001").Status.Conditions, "Ready")
	if !strings.Contains(ready.Message, "warehouse") || !strings.Contains(ready.Message, "10 received") {
		t.Errorf("message %q does not tell what is recorded", ready.Message)
	}
}

func TestAGatewayAndACarrierSayOnceThatTheyAreReady(t *testing.T) {
	w := newWorld(t)
	w.providers()
	var arrived []string
	note := func(reason, _, name string) { arrived = append(arrived, reason+" "+name) }
	w.gateways.Arrived, w.carriers.Arrived = note, note
	request := reconcile.Request{NamespacedName: client.ObjectKey{Name: w.namespace}}
	for range 3 {
		_, err := w.gateways.Reconcile(t.Context(), request)
		w.must(err)
		_, err = w.carriers.Reconcile(t.Context(), request)
		w.must(err)
	}
	if writes := w.writes.Load(); writes != 2 {
		t.Errorf("%d status writes, wanted one each", writes)
	}
	var gateway commercev1.PaymentGateway
	w.must(admin.Get(t.Context(), request.NamespacedName, &gateway))
	var carrier commercev1.Carrier
	w.must(admin.Get(t.Context(), request.NamespacedName, &carrier))
	for kind, conditions := range map[string][]metav1.Condition{"gateway": gateway.Status.Conditions, "carrier": carrier.Status.Conditions} {
		if !apimeta.IsStatusConditionTrue(conditions, "Ready") {
			t.Errorf("%s: %+v", kind, conditions)
		}
	}
	if !slices.Equal(arrived[:2], []string{"WaitingForGateway " + w.namespace, "WaitingForCarrier " + w.namespace}) {
		t.Errorf("woke those who wait for %q", arrived)
	}
}

func (w *world) expectStock(name string, available, reserved, shipped int64) {
	w.Helper()
	status := w.getProduct(name).Status
	got := []int64{*status.Available, *status.Reserved, *status.Shipped}
	if got[0] != available || got[1] != reserved || got[2] != shipped {
		w.Errorf("product %s shows %v available, reserved, shipped; wanted %d, %d, %d", name, got, available, reserved, shipped)
	}
}

func (w *world) expectReady(name, status, reason string) {
	w.Helper()
	ready := apimeta.FindStatusCondition(w.getProduct(name).Status.Conditions, "Ready")
	if string(ready.Status) != status || ready.Reason != reason {
		w.Errorf("product %s is Ready=%s %s, wanted %s %s", name, ready.Status, ready.Reason, status, reason)
	}
}

// TestAProductThatSellsAThousandTimesIsWrittenOnceASecond has 1,000 orders for one product pass in ten seconds of the clock,
// with the controller being told of each event.
func TestAProductThatSellsAThousandTimesIsWrittenOnceASecond(t *testing.T) {
	const orders, apart = 1000, 10 * time.Millisecond
	w := newWorld(t)
	w.supplies("hot", orders)
	written := w.clock.Now()
	writes := w.writes.Load()
	look := func() {
		w.reconcileProduct("hot")
		if w.writes.Load() == writes {
			return
		}
		if span := w.clock.Now().Sub(written); span < time.Second {
			t.Errorf("written again after %s", span)
		}
		written, writes = w.clock.Now(), w.writes.Load()
	}
	begin := w.clock.Now()
	for i := range orders {
		id := saga.OrderID{Namespace: w.namespace, Name: fmt.Sprintf("order-%04d", i)}
		price := saga.Money{Currency: "USD", Minor: 100}
		w.must(w.services.Order.Accept(t.Context(), id, saga.OrderCreated{
			UID: id.Name, Customer: saga.Customer{ID: "cust-123"}, CaptureMode: saga.CaptureImmediate, Total: price,
			Lines: []saga.Line{{Product: "hot", Quantity: 1, UnitPrice: price}}, Gateway: "none", Carrier: "none",
		}))
		_, err := w.services.Inventory.Step(t.Context(), id)
		w.must(err)
		w.clock.advance(apart)
		look()
	}
	took := w.clock.Now().Sub(begin)
	w.clock.advance(time.Second)
	look()
	w.expectStock("hot", 0, orders, 0)
	if most := int64(took/time.Second) + 2; w.writes.Load() > most || w.writes.Load() < most/2 {
		t.Errorf("%d status writes in %s, wanted at most %d", w.writes.Load(), took, most)
	}
	appends := w.store.appends.Load()
	t.Logf("%d status writes for %d appends in %s", w.writes.Load(), appends, took)
}
