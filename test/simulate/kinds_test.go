// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/test/admission"
)

// TestTheSimulatedServerRefusesWhatTheRulesRefuse holds the transition rules of this package, which are written in Go
// because millions of updates go through them, against those of the CustomResourceDefinitions.
func TestTheSimulatedServerRefusesWhatTheRulesRefuse(t *testing.T) {
	for resource, draw := range map[string]func(*rapid.T, string) client.Object{"orders": drawOrder, "products": drawProduct} {
		t.Run(resource, func(t *testing.T) {
			rules, err := admission.Load(filepath.Join("..", ".."), resource)
			if err != nil {
				t.Fatal(err)
			}
			answers := map[bool]int{}
			rapid.Check(t, func(t *rapid.T) {
				stored, updated := draw(t, "stored"), draw(t, "updated")
				was, is := untyped(t, stored), untyped(t, updated)
				if refused := append(rules.Create(t.Context(), was), rules.Create(t.Context(), is)...); len(refused) > 0 {
					t.Fatalf("no update is at fault: %v", refused)
				}
				message, refused := forbidden(stored, updated), rules.Update(t.Context(), was, is)
				if (message != "") != (len(refused) > 0) {
					t.Fatalf("%v\nbecomes\n%v\nthe simulated server says %q, the rules say %v", was, is, message, refused)
				}
				answers[message == ""]++
			})
			if answers[true] == 0 || answers[false] == 0 {
				t.Errorf("%d updates were allowed, %d refused: some of both test the rules", answers[true], answers[false])
			}
		})
	}
}

func drawOrder(t *rapid.T, name string) client.Object {
	order := &commercev1.Order{
		TypeMeta:   metav1.TypeMeta{APIVersion: commercev1.GroupVersion.String(), Kind: "Order"},
		ObjectMeta: metav1.ObjectMeta{Name: "order"},
		Spec: commercev1.OrderSpec{
			Customer: commercev1.Customer{ID: "cust-1"}, Currency: "EUR",
			Items:   []commercev1.OrderItem{{ProductName: "pen", Quantity: 1, UnitPrice: "1.50"}},
			Payment: commercev1.OrderPayment{Token: "sim_approve"},
			Shipping: commercev1.OrderShipping{Address: commercev1.Address{
				Name: "Ada", Lines: []string{"12 St James's Square"}, City: "London", Country: "GB",
			}},
		},
	}
	setDefaults(order)
	order.Spec.Attempt = rapid.Int32Range(1, 3).Draw(t, name+"'s attempt")
	order.Spec.Cancellation = rapid.SampledFrom([]commercev1.OrderCancellation{
		"", commercev1.CancellationRequested,
	}).Draw(t, name+"'s cancellation")
	if rapid.Bool().Draw(t, name+" has a resolution") {
		order.Spec.Resolution = commercev1.OrderResolution{AttentionPosition: 7, Action: commercev1.ResolutionRetry, Reason: "they say so", Actor: "ada"}
	}
	order.Status.Outcome = rapid.SampledFrom([]commercev1.OrderOutcome{
		"", commercev1.OutcomeCompleted, commercev1.OutcomeCancelled, commercev1.OutcomeRejected,
	}).Draw(t, name+"'s outcome")
	order.Status.History = drawHistory(t, name)
	return order
}

func drawProduct(t *rapid.T, name string) client.Object {
	product := &commercev1.Product{
		TypeMeta:   metav1.TypeMeta{APIVersion: commercev1.GroupVersion.String(), Kind: "Product"},
		ObjectMeta: metav1.ObjectMeta{Name: "pen"},
	}
	setDefaults(product)
	product.Status.History = drawHistory(t, name)
	return product
}

func drawHistory(t *rapid.T, name string) commercev1.History {
	if rapid.IntRange(0, 3).Draw(t, name+" has no history") == 0 {
		return commercev1.History{}
	}
	return commercev1.History{
		StoreID:  rapid.SampledFrom([]string{"one", "two"}).Draw(t, name+"'s store"),
		Epoch:    rapid.Int64Range(1, 2).Draw(t, name+"'s epoch"),
		Position: rapid.Int64Range(1, 3).Draw(t, name+"'s position"),
	}
}

// untyped returns the object as the API server gets it.
func untyped(t *rapid.T, object client.Object) map[string]any {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
