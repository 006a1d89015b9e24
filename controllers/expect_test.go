// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"slices"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// expectConditions compares the conditions, written as Type=Status Reason.
func (w *world) expectConditions(object *commercev1.Order, wanted ...string) {
	w.Helper()
	got := make([]string, 0, len(wanted))
	for _, c := range object.Status.Conditions {
		got = append(got, fmt.Sprintf("%s=%s %s", c.Type, c.Status, c.Reason))
		if c.ObservedGeneration != object.Generation {
			w.Errorf("condition %s of generation %d, wanted %d", c.Type, c.ObservedGeneration, object.Generation)
		}
		if len(c.Message) > 128 {
			w.Errorf("condition %s has a message of %d bytes", c.Type, len(c.Message))
		}
	}
	if !slices.Equal(got, wanted) {
		w.Errorf("conditions %q, wanted %q", got, wanted)
	}
}

// expectMoney compares the amounts of the status, and the provider's ledger with it.
func (w *world) expectMoney(object *commercev1.Order, charged, refunded string) {
	w.Helper()
	if object.Status.Charged != charged || object.Status.Refunded != refunded {
		w.Errorf("charged %s, refunded %s; wanted %s and %s", object.Status.Charged, object.Status.Refunded, charged, refunded)
	}
	taken, given := w.charged()
	ledger := func(cents int64) string { return saga.Money{Currency: "USD", Minor: cents}.String() }
	if ledger(taken) != charged || ledger(given) != refunded {
		w.Errorf("the ledger has %s charged and %s refunded; wanted %s and %s", ledger(taken), ledger(given), charged, refunded)
	}
}

// expectSteps compares the steps, written as Name=State.
func (w *world) expectSteps(object *commercev1.Order, wanted ...string) {
	w.Helper()
	got := make([]string, 0, len(wanted))
	for _, step := range object.Status.Steps {
		got = append(got, step.Name+"="+string(step.State))
	}
	if !slices.Equal(got, wanted) {
		w.Errorf("steps %q, wanted %q", got, wanted)
	}
}

func (w *world) stock(product string) string {
	w.Helper()
	stock, err := w.services.Inventory.Stock(w.Context(), saga.ProductID{Namespace: w.namespace, Name: product})
	w.must(err)
	return fmt.Sprintf("%d available, %d reserved, %d shipped", stock.Available(), stock.Reserved, stock.Shipped)
}
