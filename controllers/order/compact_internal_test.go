// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"testing"
	"time"
	"unsafe"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/event"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

const manifest = `{"metadata": {"namespace": "shop", "name": "order-001", "uid": "uid-1", "resourceVersion": "7",
	"managedFields": [{"manager": "kubectl"}]},
	"spec": {"currency": "USD", "items": [{"productName": "pen", "quantity": 2, "unitPrice": "1.50"}]},
	"status": {"outcome": "Completed", "steps": [{"name": "ReserveStock", "state": "Succeeded"}],
	"conditions": [{"type": "Ready", "status": "True", "reason": "Completed", "message": "done"}]}}`

func parse(t *testing.T) *commercev1.Order {
	t.Helper()
	order := &commercev1.Order{}
	if err := json.Unmarshal([]byte(manifest), order); err != nil {
		t.Fatal(err)
	}
	return order
}

func TestACachedOrderIsTheSameAndSharesWhatOthersSayToo(t *testing.T) {
	want := parse(t)
	want.ManagedFields = nil
	orders := make([]*commercev1.Order, 2)
	for i := range orders {
		got, err := Compact(parse(t))
		if err != nil {
			t.Fatal(err)
		}
		orders[i] = got.(*commercev1.Order)
		if !apiequality.Semantic.DeepEqual(orders[i], want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	one, other := orders[0].Status.Conditions[0].Reason, orders[1].Status.Conditions[0].Reason
	if unsafe.StringData(one) != unsafe.StringData(other) {
		t.Error("two orders hold two copies of a reason")
	}
	if got, err := Compact("no order"); got != "no order" || err != nil {
		t.Errorf("got %v and %v", got, err)
	}
}

// What was written is kept until the cache has it, and no longer: that may be never, for an order that has ended is not
// reconciled again.
func TestAStatusThatTheCacheHasIsNotKept(t *testing.T) {
	id := saga.OrderID{Namespace: "shop", Name: "order-001"}
	w := &writes{}
	written := parse(t)
	w.record(id, written, time.Now())
	older, newer := parse(t), parse(t)
	older.ResourceVersion, older.Status.Outcome, newer.ResourceVersion = "6", "", "7"
	predicate := watched{deletions: &deletions{}, written: w}
	predicate.Update(event.UpdateEvent{ObjectOld: older, ObjectNew: older})
	if w.newer(id, older) != written {
		t.Error("forgotten before the cache had it")
	}
	predicate.Update(event.UpdateEvent{ObjectOld: older, ObjectNew: newer})
	if len(w.orders) != 0 {
		t.Errorf("still kept: %+v", w.orders)
	}
}
