// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// object is a piece of a manifest or of a status.
type object = map[string]any

// updateTest creates one manifest and updates it with another.
type updateTest struct {
	name             string
	manifest         string
	old, replacement string
	says             []string // what the refusal must say; none if the update is to be accepted
}

const newName = "immutable: create an Order under a new name"

var updateTests = []updateTest{
	{
		name:     "an order's customer can't be changed",
		manifest: orderManifest, old: "cust-123", replacement: "cust-456",
		says: []string{"spec.customer", newName},
	},
	{
		name:     "an order's email address can't be removed",
		manifest: orderManifest, old: "    email: ada@example.com\n",
		says: []string{"spec.customer", newName},
	},
	{
		name:     "an order's currency can't be changed",
		manifest: orderManifest, old: "USD", replacement: "EUR",
		says: []string{"spec.currency", newName},
	},
	{
		name:     "an order's quantity can't be changed",
		manifest: orderManifest, old: "quantity: 2", replacement: "quantity: 3",
		says: []string{"spec.items", newName},
	},
	{
		name:     "an order's price can't be changed",
		manifest: orderManifest, old: "1200.00", replacement: "1.00",
		says: []string{"spec.items", newName},
	},
	{
		name:     "an order's item can't be removed",
		manifest: orderManifest, old: "  - productName: mouse-001\n    quantity: 2\n    unitPrice: \"150.00\"\n",
		says: []string{"spec.items", newName},
	},
	{
		name:     "an item can't be added to an order",
		manifest: orderManifest, old: "  items:\n", replacement: "  items:\n" + manyItems(1),
		says: []string{"spec.items", newName},
	},
	{
		name:     "an order's token can't be changed",
		manifest: orderManifest, old: "sim_approve", replacement: "sim_decline",
		says: []string{"spec.payment", newName},
	},
	{
		name:     "an order's gateway can't be changed",
		manifest: orderManifest, old: "gatewayName: main", replacement: "gatewayName: other",
		says: []string{"spec.payment", newName},
	},
	{
		name:     "an order's mode of capture can't be changed",
		manifest: orderManifest, old: "Immediate", replacement: "OnShipment",
		says: []string{"spec.payment", newName},
	},
	{
		name:     "an order's carrier can't be changed",
		manifest: orderManifest, old: "carrierName: post", replacement: "carrierName: other",
		says: []string{"spec.shipping", newName},
	},
	{
		name:     "an order's address can't be changed",
		manifest: orderManifest, old: "Springfield", replacement: "Shelbyville",
		says: []string{"spec.shipping", newName},
	},
	{
		name:     "an order can be labelled",
		manifest: orderManifest, old: "  name: order-1\n", replacement: "  name: order-1\n  labels: {channel: web}\n",
	},
	{
		name:     "an order's items can be written in another order",
		manifest: orderManifest, old: bothItems, replacement: `  - {productName: mouse-001, quantity: 2, unitPrice: "150.00"}
  - {productName: laptop-001, quantity: 1, unitPrice: "1200.00"}
`,
	},
	{
		name:     "what a source received can't be lowered",
		manifest: productManifest, old: "received: 10", replacement: "received: 9",
		says: []string{"spec.supply[0].received", "raise removed to take units out"},
	},
	{
		name:     "what a source removed can't be lowered",
		manifest: productManifest, old: "removed: 2", replacement: "removed: 1",
		says: []string{"spec.supply[0].removed", "raise received to put units in"},
	},
	{
		name:     "what a source removed can't be left out",
		manifest: productManifest, old: "    removed: 2\n",
		says: []string{"spec.supply[0].removed", "raise received to put units in"},
	},
	{
		name:     "a source can't be dropped",
		manifest: productManifest, old: "  - source: warehouse-b\n    received: 5\n",
		says: []string{"spec.supply", "a source can't be dropped", "raise removed"},
	},
	{
		name:     "a source can't be renamed",
		manifest: productManifest, old: "warehouse-b", replacement: "warehouse-c",
		says: []string{"spec.supply", "a source can't be dropped"},
	},
	{
		name:     "the sources can't be dropped together with the list",
		manifest: productManifest,
		old:      "spec:\n  supply:\n  - source: warehouse-a\n    received: 10\n    removed: 2\n  - source: warehouse-b\n    received: 5\n",
		says:     []string{"spec.supply", "a source can't be dropped"},
	},
	{
		name:     "a source can receive more",
		manifest: productManifest, old: "received: 10", replacement: "received: 15",
	},
	{
		name:     "a source can remove more",
		manifest: productManifest, old: "removed: 2", replacement: "removed: 3",
	},
	{
		name:     "a source can be added before the others",
		manifest: productManifest, old: "  supply:\n", replacement: "  supply:\n  - {source: warehouse-0, received: 1}\n",
	},
	{
		name:     "a gateway's type of provider can't be changed",
		manifest: gatewayManifest, old: "    simulated: {}\n", replacement: webhookLines,
		says: []string{"spec.provider", "the type of provider is immutable: create a PaymentGateway under a new name"},
	},
	{
		name:     "a gateway can't be moved from one address to another",
		manifest: webhookGateway, old: "provider.example.com", replacement: "other.example.com",
		says: []string{"spec.provider.webhook.url", "what was done at one address can only be undone there"},
	},
	{
		name:     "a gateway can be given another Secret",
		manifest: webhookGateway, old: "credentialsSecretName: provider", replacement: "credentialsSecretName: provider-2",
	},
	{
		name:     "a gateway can be given to more namespaces",
		manifest: webhookGateway, old: "  provider:\n", replacement: "  allowedNamespaces: [shop, outlet]\n  provider:\n",
	},
	{
		name:     "a gateway of Stripe can't be moved to a fake",
		manifest: stripeGateway, old: "      credentialsSecretName: stripe\n", replacement: "      credentialsSecretName: stripe\n      url: http://localhost:12111\n",
		says: []string{"spec.provider.stripe.url", "immutable"},
	},
	{
		name:     "a carrier's type of provider can't be changed",
		manifest: carrierManifest, old: "    simulated: {}\n", replacement: webhookLines,
		says: []string{"spec.provider", "the type of provider is immutable: create a Carrier under a new name"},
	},
	{
		name:     "a carrier can't be moved from one address to another",
		manifest: webhookCarrier, old: "provider.example.com", replacement: "other.example.com",
		says: []string{"spec.provider.webhook.url", "what was done at one address can only be undone there"},
	},
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	for _, test := range updateTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			stored := parse(t, namespace, test.manifest)
			changed := parse(t, namespace, with(t, test.manifest, test.old, test.replacement))
			if stored.GetNamespace() == "" { // cluster-scoped: a name of its own
				stored.SetName(namespace)
				changed.SetName(namespace)
			}
			if err := api.Create(t.Context(), stored); err != nil {
				t.Fatal(err)
			}
			changed.SetResourceVersion(stored.GetResourceVersion())

			err := api.Update(t.Context(), changed)
			if len(test.says) > 0 {
				wantRefusal(t, err, test.says...)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// TestTwoWritersOfSupply has two warehouses own a source each under server-side apply.
func TestTwoWritersOfSupply(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	for _, warehouse := range []string{"a", "b", "a"} {
		product := parse(t, namespace, `
apiVersion: commerce.eventcore.dev/v1
kind: Product
metadata:
  name: laptop-001
spec:
  supply:
  - source: warehouse-`+warehouse+`
    received: 10
`)
		applied := client.ApplyConfigurationFromUnstructured(product)
		if err := api.Apply(t.Context(), applied, client.FieldOwner("warehouse-"+warehouse)); err != nil {
			t.Fatalf("warehouse %s: %v", warehouse, err)
		}
	}
	product := parse(t, namespace, productManifest)
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(product), product); err != nil {
		t.Fatal(err)
	}
	supply, _, err := unstructured.NestedSlice(product.Object, "spec", "supply")
	if err != nil || len(supply) != 2 {
		t.Errorf("got supply %v (%v), want both warehouses", supply, err)
	}
	if removed := supply[0].(object)["removed"]; removed != int64(0) {
		t.Errorf("got removed %v, want the default 0", removed)
	}
}
