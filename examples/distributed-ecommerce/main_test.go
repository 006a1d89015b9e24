// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/saga"
)

func played(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return out.String()
}

func TestTheTutorialTellsItsStoryInOrder(t *testing.T) {
	text := played(t)
	rest := text
	for _, line := range []string{
		"Distributed e-commerce with EventCore",
		"Added 10 units of laptop-001", "Added 50 units of mouse-001", "Added 30 units of keyboard-001",
		"Example 1", "Order order-001 of cust-123 over 1500.00 USD",
		"OrderCreated", "StockReserved", "PaymentRequested", "PaymentProcessed", "ShipmentRequested", "ShipmentCreated", "OrderCompleted",
		"order-001 is Completed", "charged 1500.00 and refunded 0.00",
		"Example 2", "Order order-002 of cust-456 over 100000.00 USD", "StockReservationFailed", "100 ordered, 9 available",
		"order-002 is Cancelled", "charged 0.00",
		"Example 3", "nothing happens", "differs in spec.items", "charged 1500.00 and refunded 0.00",
		"Example 4", "PaymentFailed", "CompensationStarted", "StockReservationReleased", "order-003 is Cancelled",
		"Example 5", "ShipmentFailed", "CompensationStarted", "PaymentRefunded", "StockReservationReleased", "OrderCancelled",
		"charged 1200.00 and refunded 1200.00",
		"Example 6", "OutcomeUnknown", "PaymentProcessed", "order-005 is Completed",
		"1. Sagas", "2. Choreography", "3. Compensation", "4. Service boundaries", "5. Multi-stream atomicity",
		"6. Idempotency", "7. Event-driven",
	} {
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Fatalf("%q does not follow in\n%s", line, text)
		}
		rest = after
	}
}

func TestTheTutorialTellsTheSameEveryTime(t *testing.T) {
	if first, second := played(t), played(t); first != second {
		t.Errorf("first\n%s\nthen\n%s", first, second)
	}
}

func TestAnEndOtherThanTheTextSaysIsAnError(t *testing.T) {
	s, err := openShop(t.Context(), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]error{
		"an order": s.expectOrder(t.Context(), "order-001", saga.Completed, ""),
		"money":    s.expectMoney(t.Context(), "order-001", 1, 0),
		"stock":    s.expectStock(t.Context(), laptop, 1),
	} {
		if got == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

func TestTheTutorialNeedsNothingOfKubernetes(t *testing.T) {
	dependencies, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dependency := range strings.Lines(string(dependencies)) {
		if strings.HasPrefix(dependency, "k8s.io/") || strings.HasPrefix(dependency, "sigs.k8s.io/") {
			t.Errorf("it depends on %s", dependency)
		}
	}
}
