// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// FuzzIdempotencyKey demands that two calls have the same key only if they are tries of the same generation of the same
// call. Names are those of the API: they hold no slash.
func FuzzIdempotencyKey(f *testing.F) {
	f.Add("shop", "a", 1, 1, "shop", "a", 1, 2)
	f.Add("shop", "1", 1, 1, "shop", "1/1", 1, 1)
	f.Add("a", "b", 11, 1, "a", "b", 1, 11)
	f.Fuzz(func(t *testing.T, namespace, name string, attempt, generation int, namespace2, name2 string, attempt2, generation2 int) {
		first, known := keyOf(namespace, name, attempt, generation)
		second, known2 := keyOf(namespace2, name2, attempt2, generation2)
		if !known || !known2 {
			return
		}
		same := namespace == namespace2 && name == name2 && attempt == attempt2 && generation == generation2
		if (first == second) != same {
			t.Errorf("the keys %q and %q of %v", first, second, []any{namespace, name, attempt, generation, namespace2, name2, attempt2, generation2})
		}
	})
}

// keyOf returns false for what the API server would not have stored.
func keyOf(namespace, name string, attempt, generation int) (string, bool) {
	for _, text := range []string{namespace, name} {
		for _, character := range text {
			if character == '/' || character > '~' || character <= ' ' {
				return "", false
			}
		}
	}
	order := saga.Order{ID: saga.OrderID{Namespace: namespace, Name: name}}
	order.Content.Attempt = attempt
	order.Steps = []saga.StepStatus{{Name: saga.ProcessPayment, Forward: saga.CallStatus{Generation: generation}}}
	return nextCall("store", order, &Operation{Step: saga.ProcessPayment}, time.Time{}).Key, namespace != "" && name != ""
}
