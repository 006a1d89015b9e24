// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/admission"
)

// accepts returns the Order as it would be stored, or why it is refused.
func accepts(t *testing.T, rules *admission.Rules, object map[string]any) (*commercev1.Order, field.ErrorList) {
	t.Helper()
	if refused := rules.Create(t.Context(), object); len(refused) > 0 {
		return nil, refused
	}
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var stored commercev1.Order
	if err := json.Unmarshal(data, &stored); err != nil {
		t.Fatalf("the API server accepts what the controller can't read: %v\n%s", err, data)
	}
	return &stored, nil
}

func newSpec(currency, price, secondPrice, product, token string, quantity int64) map[string]any {
	return map[string]any{
		"apiVersion": "commerce.eventcore.dev/v1", "kind": "Order", "metadata": map[string]any{"name": "order"},
		"spec": map[string]any{
			"customer": map[string]any{"id": "cust-1"}, "currency": currency,
			"items": []any{
				map[string]any{"productName": product, "quantity": quantity, "unitPrice": price},
				map[string]any{"productName": "second", "quantity": int64(100_000), "unitPrice": secondPrice},
			},
			"payment": map[string]any{"token": token},
			"shipping": map[string]any{"address": map[string]any{
				"name": "Ada", "lines": []any{"12 St James's Square"}, "city": "London", "country": "GB",
			}},
		},
	}
}

// FuzzOrder holds the rules of the API server and those of the controller against each other: whatever the one accepts the
// other can carry out, and a price that the one refuses the other refuses too.
func FuzzOrder(f *testing.F) {
	rules, err := admission.Load(filepath.Join("..", ".."), "orders")
	if err != nil {
		f.Fatal(err)
	}
	for _, price := range []string{"0", "12.50", "12.500", "999999999.999", "1.", "-1", "01", "1e3", ".5", "１", ""} {
		for _, currency := range []string{"USD", "JPY", "KWD", "XXX", "usd"} {
			f.Add(currency, price, "1", "pen", "sim_approve", int64(1))
		}
	}
	f.Add("EUR", "1", "2", "second", "4242 4242 4242 4242", int64(0))
	f.Fuzz(func(t *testing.T, currency, price, secondPrice, product, token string, quantity int64) {
		stored, refused := accepts(t, rules, newSpec(currency, price, secondPrice, product, token, quantity))
		_, first := saga.ParseMoney(currency, price)
		_, second := saga.ParseMoney(currency, secondPrice)
		if stored == nil {
			_, others := accepts(t, rules, newSpec(currency, price, secondPrice, "pen", "sim_approve", 1))
			if first == nil && second == nil && len(others) > 0 {
				t.Errorf("the controller reads %s %q and %q, the API server refuses them: %v", currency, price, secondPrice, refused)
			}
			return
		}
		if first != nil || second != nil {
			t.Errorf("the API server accepts %s %q and %q, the controller does not: %v, %v", currency, price, secondPrice, first, second)
		}
		stored.UID = "uid"
		created, err := content(stored, stored.CreationTimestamp.Time)
		if err != nil {
			t.Fatalf("the API server accepts what the controller can't carry out: %v", err)
		}
		if total, err := saga.Total(created.Lines); err != nil || total != created.Total {
			t.Errorf("the total is %v, its lines add up to %v (%v)", created.Total, total, err)
		}
	})
}
