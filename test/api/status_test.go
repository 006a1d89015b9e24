// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestFreshStatus holds the default that keeps kubectl wait, Flux and Helm from taking a fresh object for a settled
// one.
func TestFreshStatus(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	tests := []struct{ name, manifest, message string }{
		{"an order", orderManifest, "Waiting for the order controller"},
		{"a product", productManifest, "Waiting for the inventory controller"},
		{"a gateway", gatewayManifest, "Waiting for the payment controller"},
		{"a carrier", carrierManifest, "Waiting for the shipping controller"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fresh := parse(t, namespace, test.manifest)
			fresh.SetName(namespace) // unique, as some are cluster-scoped
			if err := api.Create(t.Context(), fresh); err != nil {
				t.Fatal(err)
			}
			conditions, _, err := unstructured.NestedSlice(fresh.Object, "status", "conditions")
			if err != nil || len(conditions) != 1 {
				t.Fatalf("got conditions %v (%v), want one", conditions, err)
			}
			want := object{
				"type": "Ready", "status": "Unknown", "reason": "Pending", "message": test.message,
				"lastTransitionTime": "1970-01-01T00:00:00Z",
			}
			for key, value := range want {
				if got := conditions[0].(object)[key]; got != value {
					t.Errorf("got %s %v, want %v", key, got, value)
				}
			}
		})
	}
}

// TestHistoryOfStatus holds the fence against controllers that lag behind.
func TestHistoryOfStatus(t *testing.T) {
	t.Parallel()
	history := func(storeID string, epoch, position int64) object {
		return object{"history": object{"storeID": storeID, "epoch": epoch, "position": position}}
	}
	const back = "must not go back within one store: read the object again"
	tests := []struct {
		name          string
		before, after object
		says          []string // none if the update is to be accepted
	}{
		{name: "the position rises", before: history("store-a", 1, 7), after: history("store-a", 1, 8)},
		{name: "the position stays", before: history("store-a", 1, 7), after: history("store-a", 1, 7)},
		{
			name:   "the position goes back",
			before: history("store-a", 1, 7), after: history("store-a", 1, 6),
			says: []string{"status.history", back},
		},
		{name: "the epoch rises and the position goes back", before: history("store-a", 1, 7), after: history("store-a", 2, 3)},
		{
			name:   "the epoch goes back",
			before: history("store-a", 2, 3), after: history("store-a", 1, 7),
			says: []string{"status.history", back},
		},
		{name: "another store has its own positions", before: history("store-a", 5, 7), after: history("store-b", 1, 1)},
		{
			name:   "the history is removed",
			before: history("store-a", 1, 7), after: object{"observedGeneration": int64(1)},
			says: []string{"status.history", "can't be removed once it is set"},
		},
		{
			name:   "the status is removed",
			before: history("store-a", 1, 7), after: nil,
			says: []string{"status.history", "can't be removed once it is set"},
		},
		{
			name:   "a history without a position",
			before: object{"observedGeneration": int64(1)}, after: object{"history": object{"storeID": "a", "epoch": int64(1)}},
			says: []string{"status.history.position", "Required value"},
		},
	}
	for _, kind := range []string{orderManifest, productManifest} {
		for _, test := range tests {
			stored := parse(t, "", kind)
			t.Run(stored.GetKind()+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				stored := create(t, newNamespace(t), kind)
				if err := setStatus(t, stored, test.before); err != nil {
					t.Fatal(err)
				}
				err := setStatus(t, stored, test.after)
				if len(test.says) > 0 {
					wantRefusal(t, err, test.says...)
				} else if err != nil {
					t.Errorf("refused: %v", err)
				}
			})
		}
	}
}

// completedStatus is the status of an Order for which everything went well.
func completedStatus() object {
	step := func(name string) any {
		return object{
			"name": name, "state": "Succeeded", "attempts": int64(1),
			"lastTransitionTime": "2026-01-02T03:04:05.000006Z",
		}
	}
	return object{
		"observedGeneration": int64(1),
		"history":            object{"storeID": "6f0f7d0e-6d0e-4f3a-8a53-0c9c2d1f8f11", "epoch": int64(1), "position": int64(7)},
		"outcome":            "Completed",
		"attempt":            int64(1),
		"startTime":          "2026-01-02T03:04:05Z",
		"completionTime":     "2026-01-02T03:04:06Z",
		"total":              "1500.00", "charged": "1500.00", "refunded": "0.00",
		"payment":    object{"reference": "sim-pay-1"},
		"shipment":   object{"reference": "sim-ship-1", "trackingNumber": "SIM0001"},
		"steps":      []any{step("ReserveStock"), step("ProcessPayment"), step("CreateShipment")},
		"conditions": []any{trueCondition("Succeeded", "Completed"), trueCondition("Ready", "Completed")},
	}
}

func trueCondition(kind, reason string) any {
	return object{
		"type": kind, "status": "True", "reason": reason, "message": "Paid and released to the carrier",
		"lastTransitionTime": "2026-01-02T03:04:05Z", "observedGeneration": int64(1),
	}
}

func TestStatusOfOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		field string
		value any
		says  []string // none if the update is to be accepted
	}{
		{"a step that is tried again", "steps", []any{object{
			"name": "ProcessPayment", "state": "Running", "attempts": int64(2), "message": strings.Repeat("é", 128),
			"lastTransitionTime": "2026-01-02T03:04:05.000006Z", "nextAttemptTime": "2026-01-02T03:04:06Z",
		}}, nil},
		{"a step that is being undone", "steps", []any{object{
			"name": "ProcessPayment", "state": "Undoing", "attempts": int64(1), "lastTransitionTime": "2026-01-02T03:04:05.000006Z",
			"compensation": object{"name": "RefundPayment", "attempts": int64(3)}, "nextAttemptTime": "2026-01-02T03:04:06Z",
		}}, nil},
		{"a compensation without a name", "steps", []any{object{
			"name": "ProcessPayment", "state": "Undoing", "compensation": object{"attempts": int64(3)},
		}}, []string{"status.steps[0].compensation.name", "Required value"}},
		{"a question", "attention", object{
			"position": int64(7), "operation": "RefundPayment", "reason": "RefundRefused", "message": "closed account",
			"startTime": "2026-01-02T03:04:05Z", "nextAttemptTime": "2026-01-02T03:04:06Z",
		}, nil},
		{"a question without a position", "attention", object{"operation": "RefundPayment", "reason": "RefundRefused"},
			[]string{"status.attention.position", "Required value"}},
		{"a step that has not begun", "steps", []any{object{"name": "ReserveStock", "state": "Pending"}}, nil},
		{"a cancelled order", "outcome", "Cancelled", nil},
		{"a rejected order", "outcome", "Rejected", nil},
		{"a message that is too long", "steps", []any{object{
			"name": "ReserveStock", "state": "Refused", "message": strings.Repeat("m", 129),
		}}, []string{"status.steps[0].message", "may not be more than 128"}},
		{"an outcome that is not there", "outcome", "Failed", []string{"status.outcome", `supported values: "Completed", "Cancelled", "Rejected"`}},
		{"a state that is not there", "steps", []any{object{"name": "ReserveStock", "state": "Done"}}, []string{"status.steps[0].state", `"Pending", "Running", "Succeeded"`}},
		{"a step without a name", "steps", []any{object{"state": "Pending"}}, []string{"status.steps[0].name", "Required value"}},
		{"too many steps", "steps", manySteps(9), []string{"status.steps", "must have at most 8 items"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status := completedStatus()
			status[test.field] = test.value
			fresh := create(t, newNamespace(t), orderManifest)
			err := setStatus(t, fresh, status)
			if len(test.says) > 0 {
				wantRefusal(t, err, test.says...)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestSelectByStatusAndCustomer(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	done := create(t, namespace, orderManifest)
	create(t, namespace, with(t, with(t, orderManifest, "order-1", "order-2"), "cust-123", "cust-456"))
	if err := setStatus(t, done, completedStatus()); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		selector client.MatchingFields
		want     string
	}{
		{"by the outcome", client.MatchingFields{"status.outcome": "Completed"}, "order-1"},
		{"by having no outcome yet", client.MatchingFields{"status.outcome": ""}, "order-2"},
		{"by the customer", client.MatchingFields{"spec.customer.id": "cust-456"}, "order-2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			orders := &unstructured.UnstructuredList{}
			orders.SetGroupVersionKind(done.GroupVersionKind())
			if err := api.List(t.Context(), orders, client.InNamespace(namespace), test.selector); err != nil {
				t.Fatal(err)
			}
			if len(orders.Items) != 1 || orders.Items[0].GetName() != test.want {
				t.Errorf("got %d orders, want %s alone", len(orders.Items), test.want)
			}
		})
	}
}

// TestStatusIsSeparate holds that who writes an Order can't write its status along with it.
func TestStatusIsSeparate(t *testing.T) {
	t.Parallel()
	order := parse(t, newNamespace(t), orderManifest)
	order.Object["status"] = completedStatus()
	if err := api.Create(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if outcome, found, _ := unstructured.NestedString(order.Object, "status", "outcome"); found {
		t.Errorf("got outcome %s from a create, want none", outcome)
	}
}

// setStatus replaces the status and leaves the object as it was if it is refused.
func setStatus(t *testing.T, stored *unstructured.Unstructured, status object) error {
	t.Helper()
	changed := stored.DeepCopy()
	delete(changed.Object, "status")
	if status != nil {
		changed.Object["status"] = status
	}
	if err := api.Status().Update(t.Context(), changed); err != nil {
		return err
	}
	stored.Object = changed.Object
	return nil
}

func manySteps(n int) []any {
	var steps []any
	for range n {
		steps = append(steps, object{"name": "ReserveStock", "state": "Pending"})
	}
	return steps
}
