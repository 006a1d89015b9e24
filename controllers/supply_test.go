// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// apply is a warehouse's server-side apply of its source's totals, none of them if received is negative.
func (w *world) apply(warehouse, product string, received, removed int64) error {
	spec := map[string]any{}
	if received >= 0 {
		spec["supply"] = []any{map[string]any{"source": warehouse, "received": received, "removed": removed}}
	}
	applied := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": commercev1.GroupVersion.String(), "kind": "Product",
		"metadata": map[string]any{"namespace": w.namespace, "name": product}, "spec": spec,
	}}
	return admin.Apply(w.Context(), client.ApplyConfigurationFromUnstructured(applied), client.FieldOwner(warehouse))
}

func (w *world) oversubscribed(product string) *metav1.Condition {
	w.Helper()
	return apimeta.FindStatusCondition(w.getProduct(product).Status.Conditions, commercev1.ConditionOversubscribed)
}

func TestTwoWarehousesSupplyOneProduct(t *testing.T) {
	w := newWorld(t)
	steps := []struct {
		warehouse         string
		received, removed int64
		available         int64
	}{
		{"north", 10, 0, 10},
		{"south", 5, 0, 15},
		{"north", 10, 0, 15}, // the same again
		{"north", 30, 4, 31},
		{"south", 5, 5, 26},
	}
	for _, step := range steps {
		w.must(w.apply(step.warehouse, "mouse-001", step.received, step.removed))
		w.clock.advance(time.Second)
		w.reconcileProduct("mouse-001")
		w.expectStock("mouse-001", step.available, 0, 0)
	}
	if appends := w.store.appends.Load(); appends != int64(len(steps)-1) {
		t.Errorf("%d appends, wanted one for each change", appends)
	}

	err := w.apply("south", "mouse-001", -1, 0)
	if err == nil || !strings.Contains(err.Error(), "a source can't be dropped") {
		t.Errorf("a warehouse could drop its source: %v", err)
	}
	if err := w.apply("north", "mouse-001", 29, 4); err == nil || !strings.Contains(err.Error(), "can't be lowered") {
		t.Errorf("a warehouse could lower its totals: %v", err)
	}
	w.clock.advance(time.Second)
	w.reconcileProduct("mouse-001")
	w.expectStock("mouse-001", 26, 0, 0)
}

// TestAProductOfWhichMoreIsReservedThanThereIsSaysSo takes out units that an order has reserved, and brings others in.
func TestAProductOfWhichMoreIsReservedThanThereIsSaysSo(t *testing.T) {
	w := newWorld(t)
	w.providers()
	w.supplies("laptop-001", 10)
	w.must(w.apply("north", "mouse-001", 5, 0))
	w.reconcileProduct("mouse-001")
	w.charging("order")
	w.must(w.apply("north", "mouse-001", 5, 4))
	w.clock.advance(time.Second)
	w.reconcileProduct("mouse-001")

	w.expectStock("mouse-001", 0, 2, 0)
	condition := w.oversubscribed("mouse-001")
	if condition == nil || condition.Status != metav1.ConditionTrue || !strings.Contains(condition.Message, "than there is, by 1") {
		t.Errorf("condition %+v, wanted one of 1 unit too much", condition)
	}
	w.expectReady("mouse-001", "True", commercev1.ReasonProjected)
	w.create(w.newOrder("late"))
	w.expectConditions(w.run("late", ended), "Succeeded=False OutOfStock", "Ready=False OutOfStock", "Stalled=True OutOfStock")

	w.must(w.apply("north", "mouse-001", 6, 4))
	w.clock.advance(time.Second)
	w.reconcileProduct("mouse-001")
	if condition := w.oversubscribed("mouse-001"); condition != nil {
		t.Errorf("condition %+v although there is enough", condition)
	}
	w.expectStock("mouse-001", 0, 2, 0)
}
