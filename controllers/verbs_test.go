// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// change updates the Order as its user would.
func (w *world) change(name string, change func(*commercev1.OrderSpec)) {
	w.Helper()
	object := w.get(name)
	change(&object.Spec)
	w.must(admin.Update(w.Context(), object))
}

// warnings returns what was reported since the last call.
func (w *world) warnings() []string {
	var warnings []string
	for {
		select {
		case warning := <-w.events.Events:
			warnings = append(warnings, warning)
		default:
			return warnings
		}
	}
}

func (w *world) ready(name string) string {
	w.Helper()
	return apimeta.FindStatusCondition(w.get(name).Status.Conditions, commercev1.ConditionReady).Message
}

// charging reconciles the order until its payment is done and its shipment is not, because its carrier is missing.
func (w *world) charging(name string, changes ...func(*commercev1.Order)) {
	w.Helper()
	w.create(w.newOrder(name, append(changes, func(o *commercev1.Order) { o.Spec.Shipping.CarrierName = w.later() })...))
	w.until(name, func() bool { return w.orderOf(name).Step(saga.CreateShipment).Waiting != nil })
}

// later is the name of a carrier that is not there yet.
func (w *world) later() string { return w.namespace + "-later" }

func cancel(spec *commercev1.OrderSpec) { spec.Cancellation = commercev1.CancellationRequested }

func TestACancelledOrderIsUndoneAndReadyAsItsUserWanted(t *testing.T) {
	w := newShop(t)
	w.charging("order")
	w.change("order", cancel)
	object := w.run("order", ended)

	if object.Status.Outcome != commercev1.OutcomeCancelled {
		t.Errorf("outcome %q, wanted Cancelled", object.Status.Outcome)
	}
	w.expectConditions(object, "Succeeded=False CancelledByUser", "Ready=True CancelledByUser")
	w.expectSteps(object, "ReserveStock=Undone", "ProcessPayment=Undone", "CreateShipment=Skipped")
	w.expectMoney(object, "1500.00", "1500.00")
	if message := w.ready("order"); message != "The order was cancelled by its user; 1500.00 USD was refunded" {
		t.Errorf("message %q", message)
	}
	if refund := object.Status.Steps[1].Compensation; refund.Name != "RefundPayment" || refund.Attempts != 1 {
		t.Errorf("the refund is shown as %+v", refund)
	}
	if warnings := w.warnings(); len(warnings) != 0 {
		t.Errorf("warned of what was wanted: %q", warnings)
	}
}

func TestAnOrderThatIsCancelledFromTheStartNeverBegins(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order", func(o *commercev1.Order) { cancel(&o.Spec) }))
	w.expectConditions(w.run("order", ended), "Succeeded=False CancelledByUser", "Ready=True CancelledByUser")
	w.expectMoney(w.get("order"), "0.00", "0.00")
}

func TestAnAuthorisationIsVoidedNotRefunded(t *testing.T) {
	w := newShop(t)
	w.charging("order", func(o *commercev1.Order) { o.Spec.Payment.CaptureMode = commercev1.CaptureOnShipment })
	w.change("order", cancel)
	object := w.run("order", ended)
	w.expectMoney(object, "0.00", "0.00")
	if void := object.Status.Steps[1].Compensation; void.Name != "VoidPayment" {
		t.Errorf("undone by %+v, wanted VoidPayment", void)
	}
}

func TestMoneyIsTakenOnShipment(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Payment.CaptureMode = commercev1.CaptureOnShipment }))
	object := w.run("order", ended)
	w.expectConditions(object, "Succeeded=True Completed", "Ready=True Completed")
	w.expectSteps(object, "ReserveStock=Succeeded", "ProcessPayment=Succeeded", "CreateShipment=Succeeded", "CapturePayment=Succeeded")
	if object.Status.Charged != "1500.00" || w.writes.Load() != 1 || w.store.appends.Load() != 9 {
		t.Errorf("charged %s with %d status writes and %d commits, wanted 1500.00, 1 and 9",
			object.Status.Charged, w.writes.Load(), w.store.appends.Load())
	}
}

func TestASuspendedOrderWaitsUntilItIsResumed(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Suspend = new(true) }))
	for range 3 {
		w.reconcile("order")
	}
	if state := w.orderOf("order").Step(saga.ReserveStock).State; state != saga.Pending {
		t.Fatalf("ReserveStock is %s in an order that was suspended from the start", state)
	}
	w.clock.advance(time.Minute)
	w.reconcile("order")
	w.expectConditions(w.get("order"), "Ready=False Suspended", "Reconciling=True Suspended")
	if message := w.ready("order"); !strings.Contains(message, "cancelled at its deadline") {
		t.Errorf("message %q does not tell that the deadline runs", message)
	}
	w.change("order", func(spec *commercev1.OrderSpec) { spec.Suspend = new(false) })
	w.expectConditions(w.run("order", ended), "Succeeded=True Completed", "Ready=True Completed")
}

func TestASuspendedOrderIsCancelledAtItsDeadline(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order", func(o *commercev1.Order) {
		o.Spec.Suspend, o.Spec.ActiveDeadlineSeconds = new(true), 90
	}))
	if result := w.reconcile("order"); result.RequeueAfter > 90*time.Second {
		t.Errorf("looks again after %s, wanted at the deadline", result.RequeueAfter)
	}
	w.clock.advance(89 * time.Second)
	w.reconcile("order")
	if w.orderOf("order").Compensating {
		t.Fatal("cancelled before its deadline")
	}
	w.clock.advance(time.Second)
	object := w.run("order", ended)
	w.expectConditions(object, "Succeeded=False DeadlineExceeded", "Ready=False DeadlineExceeded", "Stalled=True DeadlineExceeded")
}

func TestACancelledOrderIsTriedAgainUnderItsName(t *testing.T) {
	w := newShop(t)
	w.charging("order")
	w.change("order", cancel)
	w.run("order", ended)

	w.change("order", func(spec *commercev1.OrderSpec) { spec.Cancellation, spec.Attempt = "", 2 })
	carrier := &commercev1.Carrier{}
	carrier.Name, carrier.Spec.Provider.Simulated = w.later(), &commercev1.SimulatedCarrierProvider{}
	w.must(admin.Create(t.Context(), carrier))
	object := w.run("order", func(o *commercev1.Order) bool { return o.Status.Outcome == commercev1.OutcomeCompleted })
	w.expectConditions(object, "Succeeded=True Completed", "Ready=True Completed")
	if object.Status.Attempt != 2 || object.Status.Charged != "1500.00" || object.Status.Refunded != "0.00" {
		t.Errorf("attempt %d charged %s and refunded %s, wanted 2, 1500.00 and 0.00",
			object.Status.Attempt, object.Status.Charged, object.Status.Refunded)
	}
	if charged, refunded := w.charged(); charged != 300_000 || refunded != 150_000 {
		t.Errorf("the ledger has %d charged and %d refunded, wanted two charges and one refund", charged, refunded)
	}
}

// TestACacheThatShowsTheAttemptBeforeCancelsNothing has an Order be read as it was when it wanted to be cancelled.
func TestACacheThatShowsTheAttemptBeforeCancelsNothing(t *testing.T) {
	w := newShop(t)
	w.charging("order")
	w.change("order", cancel)
	w.run("order", ended)
	stale := w.get("order")
	w.change("order", func(spec *commercev1.OrderSpec) { spec.Cancellation, spec.Attempt = "", 2 })
	w.until("order", func() bool { return w.orderOf("order").Step(saga.CreateShipment).Waiting != nil })

	_, err := w.reconcilerWithCache(stale).Reconcile(t.Context(), w.request("order"))
	w.must(err)
	if order := w.orderOf("order"); order.Compensating || order.Content.Attempt != 2 {
		t.Errorf("the second attempt was cancelled by what the first one wanted: %+v", order)
	}
}

func TestAnotherContentIsToldWhichAttemptIsFree(t *testing.T) {
	w := newShop(t)
	first := w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_decline" }))
	w.run("order", ended)
	w.must(admin.Delete(t.Context(), first))
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Items[1].Quantity = 3 }))
	object := w.run("order", ended)
	w.expectConditions(object, "Succeeded=False NameTaken", "Ready=False NameTaken", "Stalled=True NameTaken")
	if message := w.ready("order"); !strings.HasSuffix(message, "use a new name, or set spec.attempt to 2") {
		t.Errorf("message %q does not name the attempt that is free", message)
	}
	w.change("order", func(spec *commercev1.OrderSpec) { spec.Attempt = 2 })
	object = w.run("order", func(o *commercev1.Order) bool { return o.Status.Outcome == commercev1.OutcomeCompleted })
	w.expectMoney(object, "1650.00", "0.00")
}

func TestAnAttemptAfterACompletedOrderIsRejected(t *testing.T) {
	w := newShop(t)
	first := w.create(w.newOrder("order"))
	w.run("order", ended)
	w.must(admin.Delete(t.Context(), first))
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Attempt = 2 }))
	object := w.run("order", ended)
	w.expectConditions(object, "Succeeded=False NameTaken", "Ready=False NameTaken", "Stalled=True NameTaken")
	if message := w.ready("order"); !strings.Contains(message, "attempt 1 was completed: use a new name") {
		t.Errorf("message %q", message)
	}
	if charged, _ := w.charged(); charged != 150_000 {
		t.Errorf("charged %d cents, wanted 150000", charged)
	}
}

func TestAFailedOrderThatIsAppliedAgainTellsHowItStartsAnew(t *testing.T) {
	w := newShop(t)
	first := w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_decline" }))
	w.run("order", ended)
	w.must(admin.Delete(t.Context(), first))
	w.create(w.newOrder("order"))
	w.run("order", ended)
	if message := w.ready("order"); !strings.Contains(message, "PaymentDeclined") || !strings.Contains(message, "spec.attempt 2") {
		t.Errorf("message %q", message)
	}
}

func TestAnOrderIsDeletedWhenItsTimeIsOver(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.TTLSecondsAfterFinished = new(int32(60)) }))
	w.clock.advance(time.Hour) // the end is later than the creation, which goes by the API server's clock
	w.run("order", ended)
	if result := w.reconcile("order"); result.RequeueAfter != time.Minute {
		t.Errorf("looks again after %s, wanted 1m", result.RequeueAfter)
	}
	w.clock.advance(59 * time.Second)
	w.reconcile("order")
	w.get("order")
	w.clock.advance(time.Second)
	w.reconcile("order")
	err := admin.Get(t.Context(), client.ObjectKey{Namespace: w.namespace, Name: "order"}, &commercev1.Order{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the Order is still there after its time: %v", err)
	}
	if order := w.orderOf("order"); order.Outcome != saga.Completed {
		t.Errorf("its history is gone too: %+v", order)
	}
}

func TestAnOrderWithoutATimeToLiveStays(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order"))
	w.run("order", ended)
	w.clock.advance(1000 * time.Hour)
	if result := w.reconcile("order"); !result.IsZero() {
		t.Errorf("is to be reconciled again: %+v", result)
	}
	w.get("order")
}

// TestARecreatedOrdersTimeCountsFromItsCreation keeps an Order that was applied again long after its end visible.
func TestARecreatedOrdersTimeCountsFromItsCreation(t *testing.T) {
	w := newShop(t)
	w.clock.advance(-24 * time.Hour)
	first := w.create(w.newOrder("order"))
	w.run("order", ended)
	w.must(admin.Delete(t.Context(), first))
	w.clock.advance(24 * time.Hour)
	again := w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.TTLSecondsAfterFinished = new(int32(3600)) }))
	w.run("order", ended)
	result := w.reconcile("order")
	wanted := again.CreationTimestamp.Add(time.Hour).Sub(w.clock.Now())
	if result.RequeueAfter != wanted {
		t.Errorf("looks again after %s, wanted %s", result.RequeueAfter, wanted)
	}
}
