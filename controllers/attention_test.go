// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"strings"
	"testing"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// asked returns an order whose refund was refused and that says so.
func (w *world) asked(name string) *commercev1.Order {
	w.Helper()
	w.charging(name, func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_refund_refused" })
	w.change(name, cancel)
	return w.run(name, func(o *commercev1.Order) bool { return o.Status.Attention.Position > 0 })
}

func (w *world) decide(name string, resolution commercev1.OrderResolution) {
	w.Helper()
	w.change(name, func(spec *commercev1.OrderSpec) {
		spec.Resolution = resolution
		spec.Resolution.Reason, spec.Resolution.Actor = "Paid back in cash", "ada"
	})
}

func TestAnOrderThatNeedsAPersonSaysWhatAndHow(t *testing.T) {
	w := newShop(t)
	object := w.asked("order")
	w.expectConditions(object, "Ready=False NeedsAttention", "Stalled=True NeedsAttention")
	order := w.orderOf("order")
	attention := object.Status.Attention
	if attention.Position != int64(order.Attention.Position) || attention.Operation != "RefundPayment" || attention.Reason != "RefundRefused" {
		t.Errorf("attention %+v", attention)
	}
	if message := w.ready("order"); !strings.HasPrefix(message, "RefundPayment needs a decision (RefundRefused): ") {
		t.Errorf("message %q", message)
	}
	if warnings := w.warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], "Warning NeedsAttention RefundPayment needs a decision") {
		t.Errorf("warnings %q, wanted one of the question", warnings)
	}
	appends := w.store.appends.Load()
	w.clock.advance(time.Hour)
	w.reconcile("order")
	if w.store.appends.Load() != appends {
		t.Error("an order that waits for a person does something by itself")
	}
}

func TestAPersonsDecisionEndsTheOrder(t *testing.T) {
	w := newShop(t)
	position := w.asked("order").Status.Attention.Position
	w.warnings()
	w.decide("order", commercev1.OrderResolution{
		AttentionPosition: position, Action: commercev1.ResolutionSkip, Reference: "receipt 17",
	})
	object := w.run("order", ended)
	w.expectConditions(object, "Succeeded=False CancelledByUser", "Ready=True CancelledByUser")
	if object.Status.Attention.Position != 0 || object.Status.Refunded != "1500.00" {
		t.Errorf("attention %+v, refunded %s; wanted none and 1500.00", object.Status.Attention, object.Status.Refunded)
	}
	if warnings := w.warnings(); len(warnings) != 0 {
		t.Errorf("warned of a decision that was followed: %q", warnings)
	}
	w.clock.advance(time.Hour)
	writes, appends := w.writes.Load(), w.store.appends.Load()
	if result := w.reconcile("order"); !result.IsZero() || w.writes.Load() != writes || w.store.appends.Load() != appends {
		t.Errorf("a decision that was followed keeps the operator busy: %+v", result)
	}
}

func TestADecisionAboutAnotherQuestionIsVoidAndReportedOnce(t *testing.T) {
	w := newShop(t)
	position := w.asked("order").Status.Attention.Position
	w.warnings()
	w.decide("order", commercev1.OrderResolution{AttentionPosition: position - 1, Action: commercev1.ResolutionSkip})
	for range 3 {
		w.reconcile("order")
		w.clock.advance(time.Minute)
	}
	w.expectConditions(w.get("order"), "Ready=False NeedsAttention", "Stalled=True NeedsAttention")
	warnings := w.warnings()
	if len(warnings) != 1 || !strings.Contains(warnings[0], "Warning ResolutionIgnored spec.resolution.attentionPosition") {
		t.Errorf("warnings %q, wanted one of the stale answer", warnings)
	}
}

func TestADecisionThatTheOrderCannotFollowIsReported(t *testing.T) {
	w := newShop(t)
	w.charging("order")
	w.decide("order", commercev1.OrderResolution{AttentionPosition: 5, Action: commercev1.ResolutionRetry})
	w.reconcile("order")
	if warnings := w.warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], "the order needs no decision") {
		t.Errorf("warnings %q", warnings)
	}
}

// TestAnAttemptAfterAQuestionWaitsForItsAnswer has the Order that asked be replaced by one that wants to start anew.
func TestAnAttemptAfterAQuestionWaitsForItsAnswer(t *testing.T) {
	w := newShop(t)
	first := w.asked("order")
	position := first.Status.Attention.Position
	w.must(admin.Delete(t.Context(), w.get("order")))
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Attempt = 2 }))
	w.reconcile("order")
	object := w.get("order")
	w.expectConditions(object, "Ready=False NeedsAttention", "Stalled=True NeedsAttention")
	if object.Status.Attention.Position != position {
		t.Errorf("attention %+v, wanted the question at %d", object.Status.Attention, position)
	}
	w.decide("order", commercev1.OrderResolution{AttentionPosition: position, Action: commercev1.ResolutionSkip})
	object = w.run("order", ended)
	w.expectConditions(object, "Succeeded=True Completed", "Ready=True Completed")
	if order := w.orderOf("order"); order.Content.Attempt != 2 || order.Outcome != saga.Completed {
		t.Errorf("attempt %d ended %s, wanted the second to be completed", order.Content.Attempt, order.Outcome)
	}
}

func TestAFailedOrderWarnsOnceAndADoneOneNever(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("done"))
	w.run("done", ended)
	if warnings := w.warnings(); len(warnings) != 0 {
		t.Errorf("warned of an order that went well: %q", warnings)
	}
	w.create(w.newOrder("declined", func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_decline" }))
	w.run("declined", ended)
	w.reconcile("declined")
	warnings := w.warnings()
	if len(warnings) != 1 || !strings.Contains(warnings[0], "Warning PaymentDeclined The payment was refused: The card was declined") {
		t.Errorf("warnings %q, wanted one", warnings)
	}
}
