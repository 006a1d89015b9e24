// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// line is one line of an order.
type line struct {
	quantity int
	price    string
}

func order(t *testing.T, namespace, currency string, lines []line) *unstructured.Unstructured {
	t.Helper()
	var items strings.Builder
	for i, l := range lines {
		fmt.Fprintf(&items, "  - {productName: p-%d, quantity: %d, unitPrice: %q}\n", i, l.quantity, l.price)
	}
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(fmt.Appendf(nil, `
apiVersion: commerce.eventcore.dev/v1
kind: Order
metadata: {namespace: %s, generateName: order-}
spec:
  customer: {id: cust-1}
  currency: %s
  items:
%s
  payment: {token: sim_approve}
  shipping: {address: {name: Ada, lines: [1 Street], city: Springfield, country: US}}
`, namespace, currency, items.String()), &object.Object); err != nil {
		t.Fatal(err)
	}
	return object
}

// TestTheOrderValueLimit has the API server judge Orders at and beyond the limits of their namespace.
func TestTheOrderValueLimit(t *testing.T) {
	apply(t, build(t, "config/default", "config/components/order-value-limit"))
	const key = "limit.commerce.eventcore.dev/"
	namespace := func(name string, annotations map[string]string) {
		t.Helper()
		object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}}
		if err := api.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	namespace("limited", map[string]string{key + "USD": "5000.3", key + "JPY": "750000", key + "KWD": "0.300", key + "EUR": "1,000"})
	namespace("unlimited", map[string]string{"other": "1"})
	enforced := time.Now().Add(30 * time.Second)
	for api.Create(t.Context(), order(t, "limited", "USD", []line{{100, "100"}}), client.DryRunAll) == nil {
		if time.Now().After(enforced) {
			t.Fatal("the policy is not enforced")
		}
		time.Sleep(100 * time.Millisecond)
	}
	full := make([]line, 64) // the most that an Order can cost must not overflow the sum
	for i := range full {
		full[i] = line{100_000, "999999999.99"}
	}
	for _, test := range []struct {
		name, namespace, currency string
		lines                     []line
		says                      string // what the refusal must say; nothing if the Order is to be accepted
	}{
		{"at the limit", "limited", "USD", []line{{2, "2500.00"}, {1, "0.30"}}, ""},
		{"a cent beyond", "limited", "USD", []line{{2, "2500.00"}, {1, "0.31"}}, "more than 5000.3 USD, the limit of namespace limited"},
		{"many small items", "limited", "USD", []line{{50_003, "0.1"}}, ""},
		{"one too many", "limited", "USD", []line{{50_004, "0.1"}}, "the items cost more than"},
		{"a currency without decimals", "limited", "JPY", []line{{3, "250000"}}, ""},
		{"a yen beyond", "limited", "JPY", []line{{3, "250000"}, {1, "1"}}, "the items cost more than 750000 JPY"},
		{"three decimals", "limited", "KWD", []line{{3, "0.100"}}, ""},
		{"a fils beyond", "limited", "KWD", []line{{3, "0.100"}, {1, "0.001"}}, "the items cost more than"},
		{"a currency without a limit", "limited", "GBP", []line{{1, "0.01"}}, "takes no orders in GBP"},
		{"a limit that is no amount", "limited", "EUR", []line{{1, "0.01"}}, "is no amount such as 5000.00"},
		{"the most expensive order", "limited", "USD", full, "the items cost more than"},
		{"a namespace without limits", "unlimited", "USD", full, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := api.Create(t.Context(), order(t, test.namespace, test.currency, test.lines), client.DryRunAll)
			switch {
			case test.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
				t.Errorf("got %v, want a refusal that says %q", err, test.says)
			}
		})
	}
}
