// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kstatus checks that Flux, Helm and the other users of kstatus read an Order right in every situation. It is a module of its
// own, so that nobody inherits kstatus.
package kstatus

import (
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestKstatusReadsAnOrderRight(t *testing.T) {
	created := saga.OrderCreated{
		UID: "first", Attempt: 1, FlowVersion: 1, Total: saga.Money{Currency: "USD", Minor: 100}, Deadline: start.Add(time.Hour),
	}
	call := saga.Call{Generation: 1, Try: 1, Key: "key", Deadline: start.Add(time.Minute)}
	for _, test := range []struct {
		name    string
		events  []any
		refused error
		other   bool // the order was started by another object
		wanted  status.Status
	}{
		{name: "just accepted", wanted: status.InProgressStatus},
		{
			name:   "waiting for a product",
			events: []any{saga.StepWaiting{Step: saga.ReserveStock, Reason: saga.ReasonWaitingForProduct, Name: "mouse"}},
			wanted: status.InProgressStatus,
		},
		{
			name:   "calling the payment provider",
			events: []any{saga.StockReserved{}, saga.PaymentRequested{Call: call}},
			wanted: status.InProgressStatus,
		},
		{
			name: "not knowing what became of the call",
			events: []any{
				saga.StockReserved{}, saga.PaymentRequested{Call: call},
				saga.OutcomeUnknown{Step: saga.ProcessPayment, Generation: 1, Try: 1, NotBefore: start},
			},
			wanted: status.InProgressStatus,
		},
		{
			name: "compensating",
			events: []any{
				saga.StockReserved{}, saga.PaymentRequested{Call: call}, saga.PaymentFailed{Generation: 1, Code: "declined"},
				saga.CompensationStarted{Step: saga.ProcessPayment, Reason: saga.ReasonPaymentDeclined},
			},
			wanted: status.InProgressStatus,
		},
		{
			name: "completed",
			events: []any{
				saga.StockReserved{}, saga.PaymentProcessed{Generation: 1}, saga.ShipmentCreated{Generation: 1}, saga.OrderCompleted{},
			},
			wanted: status.CurrentStatus,
		},
		{
			name: "cancelled",
			events: []any{
				saga.StockReservationFailed{}, saga.CompensationStarted{Reason: saga.ReasonOutOfStock},
				saga.OrderCancelled{Reason: saga.ReasonOutOfStock},
			},
			wanted: status.FailedStatus,
		},
		{
			name: "needing attention",
			events: []any{
				saga.StockReserved{}, saga.PaymentProcessed{Generation: 1},
				saga.CompensationStarted{Reason: saga.ReasonDeadlineExceeded}, saga.RefundRequested{Call: call},
				saga.AttentionRequired{Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonRefundRefused},
			},
			wanted: status.FailedStatus,
		},
		{
			name: "suspended", events: []any{saga.StockReserved{}, saga.OrderSuspended{Reason: saga.ReasonSuspended}},
			wanted: status.InProgressStatus,
		},
		{
			name: "cancelled by its user",
			events: []any{
				saga.OrderCancellationRequested{Reason: saga.ReasonCancelledByUser},
				saga.CompensationStarted{Reason: saga.ReasonCancelledByUser}, saga.OrderCancelled{Reason: saga.ReasonCancelledByUser},
			},
			wanted: status.CurrentStatus,
		},
		{
			name: "being undone for its user",
			events: []any{
				saga.StockReserved{}, saga.OrderCancellationRequested{Reason: saga.ReasonCancelledByUser},
				saga.CompensationStarted{Reason: saga.ReasonCancelledByUser},
			},
			wanted: status.InProgressStatus,
		},
		{
			name: "completed, and needing attention since",
			events: []any{
				saga.StockReserved{}, saga.PaymentProcessed{Generation: 1}, saga.ShipmentCreated{Generation: 1}, saga.OrderCompleted{},
				saga.AttentionRequired{Step: saga.ProcessPayment, Reason: saga.ReasonHappenedTwice},
			},
			wanted: status.FailedStatus,
		},
		{name: "name taken", refused: &engine.NameTakenError{Different: []string{"spec.items"}}, wanted: status.FailedStatus},
		{name: "an attempt after a completed order", refused: &engine.AttemptError{Outcome: saga.Completed}, other: true, wanted: status.FailedStatus},
		{name: "an attempt that waits for the one before", refused: &engine.AttemptError{}, wanted: status.InProgressStatus},
	} {
		t.Run(test.name, func(t *testing.T) {
			object := &commercev1.Order{ObjectMeta: metav1.ObjectMeta{
				Name: "order", Namespace: "shop", Generation: 1, UID: "first", CreationTimestamp: metav1.NewTime(start),
			}}
			if test.other {
				object.UID = "second"
			}
			folded := fold(append([]any{created}, test.events...))
			object.Status = order.Project(object, folded, eventcore.Identity{StoreID: uuid.New(), Epoch: 1}, test.refused)
			if got := compute(t, object); got != test.wanted {
				t.Errorf("kstatus reads %s, wanted %s: %+v", got, test.wanted, object.Status.Conditions)
			}
		})
	}
}

func TestKstatusNeverReadsAFreshOrderAsCurrent(t *testing.T) {
	object := &commercev1.Order{
		ObjectMeta: metav1.ObjectMeta{Name: "order", Namespace: "shop", Generation: 1},
		Status:     defaultStatus(t),
	}
	if got := compute(t, object); got != status.InProgressStatus {
		t.Errorf("kstatus reads a fresh Order as %s, wanted InProgress", got)
	}
}

func fold(payloads []any) saga.Order {
	var folded saga.Order
	for i, payload := range payloads {
		folded = folded.Apply("order-shop/order", &eventcore.Event{
			Position: eventcore.Position(i + 1), RecordedAt: start, Payload: payload,
		})
	}
	return folded
}

// defaultStatus is what the API server gives an Order that no controller has seen.
func defaultStatus(t *testing.T) commercev1.OrderStatus {
	t.Helper()
	data, err := os.ReadFile("../../config/crd/bases/commerce.eventcore.dev_orders.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var definition struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema struct {
						Properties struct {
							Status struct {
								Default commercev1.OrderStatus
							}
						}
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal(data, &definition); err != nil {
		t.Fatal(err)
	}
	found := definition.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties.Status.Default
	if len(found.Conditions) == 0 {
		t.Fatal("the CRD has no default status")
	}
	return found
}

func compute(t *testing.T, object *commercev1.Order) status.Status {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: content})
	if err != nil {
		t.Fatal(err)
	}
	return result.Status
}
