// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

var (
	start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	total = saga.Money{Currency: "USD", Minor: 150_000}
	call  = saga.Call{Generation: 1, Try: 1, Key: "key", Deadline: start.Add(10 * time.Second)}
)

func created(mode string) saga.OrderCreated {
	return saga.OrderCreated{
		UID: "first", Attempt: 1, FlowVersion: 1, Total: total, CaptureMode: mode, Deadline: start.Add(time.Hour),
	}
}

func fold(payloads ...any) saga.Order {
	var folded saga.Order
	for i, payload := range payloads {
		folded = folded.Apply("order-shop/order", &eventcore.Event{
			Position: eventcore.Position(i + 1), RecordedAt: start.Add(time.Duration(i) * time.Second), Payload: payload,
		})
	}
	return folded
}

func project(folded saga.Order, refused error) commercev1.OrderStatus {
	object := &commercev1.Order{ObjectMeta: metav1.ObjectMeta{
		Name: "order", Namespace: "shop", UID: "first", Generation: 1, CreationTimestamp: metav1.NewTime(start),
	}}
	if attempt, ok := errors.AsType[*engine.AttemptError](refused); ok {
		object.Spec.Attempt = int32(attempt.Attempt)
	}
	return order.Project(object, folded, eventcore.Identity{StoreID: uuid.Nil, Epoch: 1}, refused)
}

// Beginnings of orders of both modes.
var (
	charged = []any{
		created(saga.CaptureImmediate), saga.StockReserved{}, saga.PaymentRequested{Call: call},
		saga.PaymentProcessed{Generation: 1, Reference: "ch_1", Amount: total},
	}
	authorized = []any{
		created(saga.CaptureOnShipment), saga.StockReserved{}, saga.PaymentRequested{Call: call, Authorize: true},
		saga.PaymentProcessed{Generation: 1, Reference: "ch_1", Amount: total, Authorized: true},
	}
)

// TestEverySituationHasItsConditions is the table of the conditions, row by row.
func TestEverySituationHasItsConditions(t *testing.T) {
	waiting := func(step, reason string) saga.StepWaiting {
		return saga.StepWaiting{Step: step, Reason: reason, Name: "other"}
	}
	turned := saga.CompensationStarted{Reason: saga.ReasonShipmentRefused, Message: "No such street"}
	for _, test := range []struct {
		name    string
		events  []any
		refused error
		outcome commercev1.OrderOutcome
		wanted  []string
		message string
	}{
		{
			name: "accepted", events: []any{created("")},
			wanted: under("ReservingStock"), message: "Reserving the stock of all items",
		},
		{
			name:   "waiting for a product",
			events: []any{created(""), waiting(saga.ReserveStock, saga.ReasonWaitingForProduct)},
			wanted: under("WaitingForProduct"), message: "Waiting for product/other",
		},
		{
			name:   "waiting for a gateway",
			events: []any{created(""), saga.StockReserved{}, waiting(saga.ProcessPayment, saga.ReasonWaitingForGateway)},
			wanted: under("WaitingForGateway"), message: "Waiting for paymentgateway/other",
		},
		{
			name: "waiting for a carrier", events: append(slices.Clip(charged), waiting(saga.CreateShipment, saga.ReasonWaitingForCarrier)),
			wanted: under("WaitingForCarrier"), message: "Waiting for carrier/other",
		},
		{
			name:   "waiting for a gateway that is down",
			events: []any{created(""), saga.StockReserved{}, waiting(saga.ProcessPayment, saga.ReasonGatewayUnavailable)},
			wanted: under("GatewayUnavailable"), message: "Waiting for paymentgateway/other, which has failed or is busy",
		},
		{
			name: "waiting for a carrier that is down", events: append(slices.Clip(charged), waiting(saga.CreateShipment, saga.ReasonCarrierUnavailable)),
			wanted: under("CarrierUnavailable"), message: "Waiting for carrier/other, which has failed or is busy",
		},
		{
			name: "waiting to refund",
			events: append(slices.Clip(charged), saga.ShipmentFailed{Code: "no"}, turned,
				waiting(saga.ProcessPayment, saga.ReasonGatewayUnavailable)),
			wanted: under("Compensating"), message: "Refunding the payment, waiting for paymentgateway/other, which has failed or is busy. The carrier refused the shipment: No su…",
		},
		{
			name: "charging", events: charged[:3],
			wanted: under("ProcessingPayment"), message: "Asking the payment gateway for the money",
		},
		{
			name: "trying again", events: append(slices.Clip(charged[:3]), saga.StepRetryScheduled{
				Step: saga.ProcessPayment, Generation: 1, Try: 1, NotBefore: start.Add(time.Minute), Message: "The provider is unavailable",
			}),
			wanted:  under("RetryScheduled"),
			message: "ProcessPayment: The provider is unavailable; next attempt at 2026-11-23T12:01:00Z",
		},
		{
			name: "not knowing", events: append(slices.Clip(charged[:3]), saga.OutcomeUnknown{
				Step: saga.ProcessPayment, Generation: 1, Try: 1, Message: "The provider did not answer",
			}),
			wanted: under("OutcomeUnknown"), message: "The provider did not answer",
		},
		{
			name: "suspended", events: append(slices.Clip(charged), saga.OrderSuspended{Reason: saga.ReasonSuspended}),
			wanted:  under("Suspended"),
			message: "Suspended until spec.suspend is false; cancelled at its deadline, 2026-11-23T13:00:00Z",
		},
		{
			name: "deleted", events: append(slices.Clip(charged), saga.OrderSuspended{Reason: saga.ReasonOrderDeleted, CancelAt: start.Add(time.Minute)}),
			wanted:  under("Suspended"),
			message: "The Order was deleted; unless it is created again, it is cancelled at 2026-11-23T12:01:00Z",
		},
		{
			name: "refunding", events: append(slices.Clip(charged), turned),
			wanted: under("Compensating"), message: "Refunding the payment. The carrier refused the shipment: No such street",
		},
		{
			name: "voiding", events: append(slices.Clip(authorized), turned),
			wanted: under("Compensating"), message: "Giving back the money set aside. The carrier refused the shipment: No such street",
		},
		{
			name: "finding out before undoing", events: append(slices.Clip(charged[:3]), turned),
			wanted: under("Compensating"), message: "Finding out what became of ProcessPayment. The carrier refused the shipment: No such street",
		},
		{
			name: "completed", events: append(slices.Clip(charged), saga.ShipmentCreated{Generation: 1}, saga.OrderCompleted{}),
			outcome: commercev1.OutcomeCompleted,
			wanted:  []string{"Succeeded=True Completed", "Ready=True Completed"}, message: "Paid and released to the carrier",
		},
		{
			name: "out of stock", events: []any{
				created(""), saga.StockReservationFailed{}, saga.CompensationStarted{Reason: saga.ReasonOutOfStock},
				saga.OrderCancelled{Reason: saga.ReasonOutOfStock, Message: "mouse: 3 ordered, 1 available"},
			},
			outcome: commercev1.OutcomeCancelled, wanted: refusedBecause("OutOfStock"),
			message: "Not enough stock: mouse: 3 ordered, 1 available",
		},
		{
			name: "cancelled by its user", events: []any{
				created(""), saga.CompensationStarted{Reason: saga.ReasonCancelledByUser},
				saga.OrderCancelled{Reason: saga.ReasonCancelledByUser, Message: "The order was cancelled by its user"},
			},
			outcome: commercev1.OutcomeCancelled,
			wanted:  []string{"Succeeded=False CancelledByUser", "Ready=True CancelledByUser"},
			message: "The order was cancelled by its user",
		},
		{
			name: "cancelled as deleted", events: []any{
				created(""), saga.CompensationStarted{Reason: saga.ReasonOrderDeleted},
				saga.OrderCancelled{Reason: saga.ReasonOrderDeleted, Message: "The Order object was deleted"},
			},
			outcome: commercev1.OutcomeCancelled, wanted: refusedBecause("OrderDeleted"), message: "The Order object was deleted",
		},
		{
			name: "needing a person", events: append(slices.Clip(charged), turned, saga.AttentionRequired{
				Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonRefundRefused, Message: "closed account",
			}),
			wanted:  []string{"Ready=False NeedsAttention", "Stalled=True NeedsAttention"},
			message: "RefundPayment needs a decision (RefundRefused): closed account",
		},
		{
			name: "needing a person after the end", events: append(slices.Clip(charged), saga.ShipmentCreated{Generation: 1}, saga.OrderCompleted{},
				saga.AttentionRequired{Step: saga.ProcessPayment, Reason: saga.ReasonHappenedTwice, Message: "ch_2"}),
			outcome: commercev1.OutcomeCompleted,
			wanted:  []string{"Succeeded=True Completed", "Ready=False NeedsAttention", "Stalled=True NeedsAttention"},
			message: "ProcessPayment needs a decision (HappenedTwice): ch_2",
		},
		{
			name: "its name taken", events: charged, refused: &engine.NameTakenError{Different: []string{"spec.items"}},
			outcome: commercev1.OutcomeRejected, wanted: refusedBecause("NameTaken"),
			message: "an earlier order of this name differs in spec.items: use a new name",
		},
		{
			name: "waiting for the attempt before", events: charged, refused: &engine.AttemptError{Attempt: 2, Latest: 1},
			wanted:  under("WaitingForEarlierAttempt"),
			message: "spec.attempt 2 is refused, because attempt 1 is still open: cancel it first, or wait for its end",
		},
		{
			name: "completed while another attempt was asked for", events: append(slices.Clip(charged), saga.ShipmentCreated{Generation: 1}, saga.OrderCompleted{}),
			refused: &engine.AttemptError{Attempt: 2, Latest: 1, Outcome: saga.Completed},
			outcome: commercev1.OutcomeCompleted, wanted: []string{"Succeeded=True Completed", "Ready=True Completed"},
			message: "Paid and released to the carrier as attempt 1: attempt 2 is not begun. New order: new name",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			status := project(fold(test.events...), test.refused)
			got := make([]string, 0, len(status.Conditions))
			for _, c := range status.Conditions {
				got = append(got, fmt.Sprintf("%s=%s %s", c.Type, c.Status, c.Reason))
				if c.Type == commercev1.ConditionReady && c.Message != test.message {
					t.Errorf("message %q, wanted %q", c.Message, test.message)
				}
			}
			if !slices.Equal(got, test.wanted) || status.Outcome != test.outcome {
				t.Errorf("outcome %q with %q, wanted %q with %q", status.Outcome, got, test.outcome, test.wanted)
			}
		})
	}
}

func under(reason string) []string {
	return []string{"Ready=False " + reason, "Reconciling=True " + reason}
}

func refusedBecause(reason string) []string {
	return []string{"Succeeded=False " + reason, "Ready=False " + reason, "Stalled=True " + reason}
}

// TestAStatusStaysSmall holds what an order may cost the API server: the happy end, and the worst that a fold can hold.
func TestAStatusStaysSmall(t *testing.T) {
	long := strings.Repeat("é", 1000)
	at := start.Add(time.Minute)
	retry := func(step string, undo bool) saga.StepRetryScheduled {
		return saga.StepRetryScheduled{Step: step, Undo: undo, Generation: 1, Try: 1, NotBefore: at, Message: long}
	}
	happy := append(slices.Clip(charged), saga.ShipmentRequested{Call: call},
		saga.ShipmentCreated{Generation: 1, Reference: "sh_2f25feef1a994e8b4f3f8541", TrackingNumber: "SIM609616789260"},
		saga.OrderCompleted{})
	worst := append(slices.Clip(authorized), saga.ShipmentCreated{
		Generation: 1, Reference: strings.Repeat("s", 255), TrackingNumber: strings.Repeat("t", 255),
	}, saga.CaptureRequested{Call: call}, retry(saga.CapturePayment, false), saga.CompensationStarted{Reason: saga.ReasonCaptureRefused, Message: long},
		saga.ShipmentCancelRequested{Call: call}, retry(saga.CreateShipment, true), saga.RefundRequested{Call: call, Void: true},
		retry(saga.ProcessPayment, true), saga.AttentionRequired{
			Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonVoidRefused, Message: long, NotBefore: at,
		})
	for _, test := range []struct {
		name   string
		events []any
		most   int
	}{
		{"of a completed order", happy, 1024 * 6 / 5},
		{"of an order in which all goes wrong", worst, 8 * 1024},
	} {
		t.Run(test.name, func(t *testing.T) {
			content, err := json.Marshal(project(fold(test.events...), nil))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes", len(content))
			if len(content) > test.most {
				t.Errorf("%d bytes, wanted at most %d: %s", len(content), test.most, content)
			}
		})
	}
}

func TestAStatusIsAFunctionOfTheFold(t *testing.T) {
	folded := fold(charged...)
	first, _ := json.Marshal(project(folded, nil))
	second, _ := json.Marshal(project(fold(charged...), nil))
	if string(first) != string(second) {
		t.Errorf("the same events gave\n%s\nand\n%s", first, second)
	}
}
