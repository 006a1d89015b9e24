// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// TestTyped has a client in Go create an Order and write its status bit by bit, as the operator does: what is not set
// yet must not be sent as an empty struct, which the server would refuse.
func TestTyped(t *testing.T) {
	t.Parallel()
	scheme := runtime.NewScheme()
	if err := commercev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	lenient, err := client.New(environment.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	typed := client.WithFieldValidation(lenient, metav1.FieldValidationStrict)

	order := &commercev1.Order{}
	if err := yaml.UnmarshalStrict([]byte(orderManifest), order); err != nil {
		t.Fatalf("the types don't know what the manifest says: %v", err)
	}
	order.Namespace = newNamespace(t)
	if err := typed.Create(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if len(order.Status.Conditions) != 1 || order.Status.Conditions[0].Reason != commercev1.ReasonPending {
		t.Errorf("got conditions %v, want the default", order.Status.Conditions)
	}

	now := metav1.NewMicroTime(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC))
	order.Status = commercev1.OrderStatus{
		ObservedGeneration: order.Generation,
		History:            commercev1.History{StoreID: "store-a", Epoch: 1, Position: 3},
		Steps: []commercev1.OrderStep{
			{Name: commercev1.StepReserveStock, State: commercev1.StepStateRunning, Attempts: 1, LastTransitionTime: &now},
			{Name: commercev1.StepProcessPayment, State: commercev1.StepStatePending},
		},
	}
	if err := typed.Status().Update(t.Context(), order); err != nil {
		t.Fatalf("under way: %v", err)
	}
	if got := order.Status.Steps[0].LastTransitionTime; !got.Equal(&now) {
		t.Errorf("got %v, want the microseconds kept: %v", got, now)
	}

	order.Status.Outcome = commercev1.OutcomeCompleted
	order.Status.History.Position = 7
	order.Status.Payment.Reference = "sim-pay-1"
	order.Status.Shipment = commercev1.OrderShipmentStatus{Reference: "sim-ship-1"}
	if err := typed.Status().Update(t.Context(), order); err != nil {
		t.Fatalf("completed: %v", err)
	}
}

// TestTypedEmpty holds that types in which nothing is set are written as nothing.
func TestTypedEmpty(t *testing.T) {
	t.Parallel()
	for _, empty := range []any{&commercev1.Order{}, &commercev1.Product{}, &commercev1.PaymentGateway{}, &commercev1.Carrier{}} {
		out, err := yaml.Marshal(empty)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(out)); got != "{}" {
			t.Errorf("%T is written as %s, want {}", empty, got)
		}
	}
}
