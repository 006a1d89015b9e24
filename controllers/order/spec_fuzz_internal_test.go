// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// orderRules are what the API server holds a new Order against.
type orderRules struct {
	structural *schema.Structural
	schema     validation.SchemaValidator
	cel        *cel.Validator
}

func newOrderRules(f *testing.F) orderRules {
	f.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "config", "crd", "bases", "commerce.eventcore.dev_orders.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(data, &crd); err != nil {
		f.Fatal(err)
	}
	var props apiextensions.JSONSchemaProps
	err = apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &props, nil)
	if err != nil {
		f.Fatal(err)
	}
	rules := orderRules{}
	if rules.structural, err = schema.NewStructural(&props); err != nil {
		f.Fatal(err)
	}
	if rules.schema, _, err = validation.NewSchemaValidator(&props); err != nil {
		f.Fatal(err)
	}
	rules.cel = cel.NewValidator(rules.structural, true, celconfig.PerCallLimit)
	return rules
}

// accepts returns the Order as it would be stored, or why it is refused.
func (r orderRules) accepts(t *testing.T, object map[string]any) (*commercev1.Order, field.ErrorList) {
	t.Helper()
	defaulting.Default(object, r.structural)
	refused := validation.ValidateCustomResource(nil, object, r.schema)
	refused = append(refused, listtype.ValidateListSetsAndMaps(nil, r.structural, object)...)
	if len(refused) == 0 {
		errs, _ := r.cel.Validate(t.Context(), nil, r.structural, object, nil, celconfig.RuntimeCELCostBudget)
		refused = append(refused, errs...)
	}
	if len(refused) > 0 {
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
	rules := newOrderRules(f)
	for _, price := range []string{"0", "12.50", "12.500", "999999999.999", "1.", "-1", "01", "1e3", ".5", "１", ""} {
		for _, currency := range []string{"USD", "JPY", "KWD", "XXX", "usd"} {
			f.Add(currency, price, "1", "pen", "sim_approve", int64(1))
		}
	}
	f.Add("EUR", "1", "2", "second", "4242 4242 4242 4242", int64(0))
	f.Fuzz(func(t *testing.T, currency, price, secondPrice, product, token string, quantity int64) {
		stored, refused := rules.accepts(t, newSpec(currency, price, secondPrice, product, token, quantity))
		_, first := saga.ParseMoney(currency, price)
		_, second := saga.ParseMoney(currency, secondPrice)
		if stored == nil {
			_, others := rules.accepts(t, newSpec(currency, price, secondPrice, "pen", "sim_approve", 1))
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
