// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// manifestTest changes one passage of a valid manifest.
type manifestTest struct {
	name             string
	manifest         string
	old, replacement string
	says             []string // what the refusal must say: the field, and what to do
}

var refusedOrders = []manifestTest{
	{
		name: "an order without a customer",
		old:  "  customer:\n    id: cust-123\n    email: ada@example.com\n",
		says: []string{"spec.customer", "Required value"},
	},
	{
		name: "a customer without an id",
		old:  "    id: cust-123\n",
		says: []string{"spec.customer.id", "Required value"},
	},
	{
		name: "an empty customer id",
		old:  "id: cust-123", replacement: `id: ""`,
		says: []string{"spec.customer.id", "should be at least 1 chars long"},
	},
	{
		name: "a customer id that is too long",
		old:  "id: cust-123", replacement: "id: " + strings.Repeat("c", 64),
		says: []string{"spec.customer.id", "may not be more than 63"},
	},
	{
		name: "a customer id with a space",
		old:  "id: cust-123", replacement: "id: cust 123",
		says: []string{"spec.customer.id", "should match '^[!-~]+$'"},
	},
	{
		name: "an email address without an at sign",
		old:  "ada@example.com", replacement: "ada.example.com",
		says: []string{"spec.customer.email", "should match"},
	},
	{
		name: "an order without a currency",
		old:  "  currency: USD\n",
		says: []string{"spec.currency", "Required value"},
	},
	{
		name: "a currency in small letters",
		old:  "USD", replacement: "usd",
		says: []string{"spec.currency", "must be an active ISO 4217 currency code in capital letters"},
	},
	{
		name: "a currency that was replaced by the euro",
		old:  "USD", replacement: "DEM",
		says: []string{"spec.currency", "must be an active ISO 4217 currency code", "such as USD"},
	},
	{
		name: "a currency with ten-thousandths, in which a total could overflow",
		old:  "USD", replacement: "CLF",
		says: []string{"spec.currency", "must be an active ISO 4217 currency code"},
	},
	{
		name: "no items",
		old:  "  items:\n" + bothItems, replacement: "  items: []\n",
		says: []string{"spec.items", "should have at least 1 items"},
	},
	{
		name: "the same product twice",
		old:  "productName: mouse-001", replacement: "productName: laptop-001",
		says: []string{"spec.items", "laptop-001"},
	},
	{
		name: "an item without a product",
		old:  "  - productName: laptop-001\n    quantity: 1\n", replacement: "  - quantity: 1\n",
		says: []string{"spec.items", "productName"},
	},
	{
		name: "a product name that no Product can have",
		old:  "laptop-001", replacement: "Laptop 001",
		says: []string{"spec.items[0].productName", "should match '^[a-z0-9]"},
	},
	{
		name: "a quantity of zero",
		old:  "quantity: 1", replacement: "quantity: 0",
		says: []string{"spec.items[0].quantity", "greater than or equal to 1"},
	},
	{
		name: "a quantity above the maximum",
		old:  "quantity: 1", replacement: "quantity: 100001",
		says: []string{"spec.items[0].quantity", "less than or equal to 100000"},
	},
	{
		name: "half a laptop",
		old:  "quantity: 1", replacement: "quantity: 0.5",
		says: []string{"quantity", "integer"},
	},
	{
		name: "a price that is a number and not a string",
		old:  `"1200.00"`, replacement: "1200.00",
		says: []string{"unitPrice", "string"},
	},
	{
		name: "a negative price",
		old:  "1200.00", replacement: "-1200.00",
		says: []string{"spec.items[0].unitPrice", "should match"},
	},
	{
		name: "a price with a comma",
		old:  "1200.00", replacement: "1,200.00",
		says: []string{"spec.items[0].unitPrice", "should match"},
	},
	{
		name: "a price of ten digits",
		old:  "1200.00", replacement: "1000000000",
		says: []string{"spec.items[0].unitPrice", "should match"},
	},
	{
		name: "a tenth of a cent",
		old:  "1200.00", replacement: "1200.001",
		says: []string{"spec.items", "unitPrice has more decimals than USD has", "15.00 USD"},
	},
	{
		name: "yen with decimals",
		old:  "USD", replacement: "JPY",
		says: []string{"spec.items", "unitPrice has more decimals than JPY has", "1500 JPY"},
	},
	{
		name: "an order without a payment",
		old:  "  payment:\n    gatewayName: main\n    token: sim_approve\n    captureMode: Immediate\n",
		says: []string{"spec.payment", "Required value"},
	},
	{
		name: "a payment without a token",
		old:  "    token: sim_approve\n",
		says: []string{"spec.payment.token", "Required value"},
	},
	{
		name: "a mode of capture that is not there",
		old:  "Immediate", replacement: "Later",
		says: []string{"spec.payment.captureMode", `supported values: "Immediate", "OnShipment"`},
	},
	{
		name: "a gateway name that no gateway can have",
		old:  "gatewayName: main", replacement: "gatewayName: Main!",
		says: []string{"spec.payment.gatewayName", "should match"},
	},
	{
		name: "an order without an address",
		old:  "    address:\n      name: Ada Example\n      lines:\n      - 1 Sample Street\n      city: Springfield\n      postalCode: \"12345\"\n      country: US\n",
		says: []string{"spec.shipping.address", "Required value"},
	},
	{
		name: "an address of four lines",
		old:  "      - 1 Sample Street\n", replacement: "      - a\n      - b\n      - c\n      - d\n",
		says: []string{"spec.shipping.address.lines", "must have at most 3 items"},
	},
	{
		name: "an empty line in an address",
		old:  "- 1 Sample Street", replacement: `- ""`,
		says: []string{"spec.shipping.address.lines[0]", "should be at least 1 chars long"},
	},
	{
		name: "a country by its name",
		old:  "country: US", replacement: "country: Germany",
		says: []string{"spec.shipping.address.country", "may not be more than 2"},
	},
	{
		name: "a country in small letters",
		old:  "country: US", replacement: "country: us",
		says: []string{"spec.shipping.address.country", "should match '^[A-Z]{2}$'"},
	},
	{
		name: "a field that is not there",
		old:  "  currency: USD\n", replacement: "  currency: USD\n  discount: 10\n",
		says: []string{"spec.discount"},
	},
	{
		name: "a name that is too long",
		old:  "name: order-1", replacement: "name: " + strings.Repeat("o", 64),
		says: []string{"metadata.name must be no longer than 63 characters", "choose a shorter name"},
	},
	{
		name: "sixty-five items",
		old:  "  items:\n", replacement: "  items:\n" + manyItems(63),
		says: []string{"spec.items", "must have at most 64 items"},
	},
}

var refusedOthers = []manifestTest{
	{
		name:     "a source twice in a product",
		manifest: productManifest, old: "warehouse-b", replacement: "warehouse-a",
		says: []string{"spec.supply", "warehouse-a"},
	},
	{
		name:     "a source that received less than nothing",
		manifest: productManifest, old: "received: 10", replacement: "received: -1",
		says: []string{"spec.supply[0].received", "greater than or equal to 0"},
	},
	{
		name:     "a source that received more than can be counted",
		manifest: productManifest, old: "received: 10", replacement: "received: 1000000000001",
		says: []string{"spec.supply[0].received", "less than or equal to 1000000000000"},
	},
	{
		name:     "a source that does not say what it received",
		manifest: productManifest, old: "    received: 10\n",
		says: []string{"spec.supply[0].received", "Required value"},
	},
	{
		name:     "a source that removed less than nothing",
		manifest: productManifest, old: "removed: 2", replacement: "removed: -2",
		says: []string{"spec.supply[0].removed", "greater than or equal to 0"},
	},
	{
		name:     "a product with a price",
		manifest: productManifest, old: "  supply:\n", replacement: "  price: \"1200.00\"\n  supply:\n",
		says: []string{"spec.price"},
	},
	{
		name:     "a product whose name is too long",
		manifest: productManifest, old: "name: laptop-001", replacement: "name: " + strings.Repeat("p", 64),
		says: []string{"metadata.name must be no longer than 63 characters"},
	},
	{
		name:     "a gateway without a spec",
		manifest: gatewayManifest, old: "spec:\n  provider:\n    simulated: {}\n",
		says: []string{"spec", "Required value"},
	},
	{
		name:     "a gateway without a type of provider",
		manifest: gatewayManifest, old: "  provider:\n    simulated: {}\n", replacement: "  provider: {}\n",
		says: []string{"spec.provider", "exactly one of the fields in [simulated webhook stripe] must be set"},
	},
	{
		name:     "a gateway with a type of provider that is not there",
		manifest: gatewayManifest, old: "simulated: {}", replacement: "paypal: {}",
		says: []string{"spec.provider.paypal"},
	},
	{
		name:     "a gateway whose name is too long",
		manifest: gatewayManifest, old: "name: main", replacement: "name: " + strings.Repeat("g", 64),
		says: []string{"metadata.name must be no longer than 63 characters"},
	},
	{
		name:     "a carrier without a type of provider",
		manifest: carrierManifest, old: "  provider:\n    simulated: {}\n", replacement: "  provider: {}\n",
		says: []string{"spec.provider", "exactly one of the fields in [simulated webhook] must be set"},
	},
	{
		name:     "a carrier with settings for the simulated provider",
		manifest: carrierManifest, old: "simulated: {}", replacement: "simulated: {delay: 1}",
		says: []string{"spec.provider.simulated", "must have at most 0 items"},
	},
	{
		name:     "a carrier whose name is too long",
		manifest: carrierManifest, old: "name: post", replacement: "name: " + strings.Repeat("c", 64),
		says: []string{"metadata.name must be no longer than 63 characters"},
	},
}

// TestRefused has every manifest refused twice: as created, with a message that helps, and as applied by the server.
func TestRefused(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	for _, test := range append(onOrder(refusedOrders), refusedOthers...) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			object := parse(t, namespace, with(t, test.manifest, test.old, test.replacement))
			if err := apply(t, object, client.DryRunAll); err == nil {
				t.Error("accepted by server-side apply")
			}
			wantRefusal(t, api.Create(t.Context(), object, client.DryRunAll), test.says...)
		})
	}
}

var acceptedOrders = []manifestTest{
	{name: "an order that says everything"},
	{name: "a customer without an email address", old: "    email: ada@example.com\n"},
	{name: "a customer id of another system", old: "id: cust-123", replacement: "id: gid://shop/Customer/123|eu"},
	{name: "an order that leaves the gateway, the carrier and the mode to the defaults", old: "    gatewayName: main\n"},
	{name: "an order whose money is taken once it is shipped", old: "Immediate", replacement: "OnShipment"},
	{name: "a price without decimals", old: "1200.00", replacement: "1200"},
	{name: "a price with one decimal", old: "1200.00", replacement: "1200.5"},
	{name: "a price of nothing", old: "1200.00", replacement: "0"},
	{name: "the highest price", old: "1200.00", replacement: "999999999.99"},
	{name: "the largest quantity", old: "quantity: 1", replacement: "quantity: 100000"},
	{name: "a currency with thousandths", old: "USD", replacement: "KWD"},
	{
		name: "yen",
		old:  "USD\n  items:\n" + bothItems, replacement: "JPY\n  items:\n  - {productName: laptop-001, quantity: 1, unitPrice: \"180000\"}\n",
	},
	{name: "a place without a postal code", old: "      postalCode: \"12345\"\n"},
	{name: "an address in another script", old: "Springfield", replacement: "東京都"},
	{name: "sixty-four items", old: "  items:\n", replacement: "  items:\n" + manyItems(62)},
	{name: "a token of a provider that has digits in it", old: "sim_approve", replacement: "tok_4111111111111111"},
	{name: "a name of sixty-three characters", old: "name: order-1", replacement: "name: " + strings.Repeat("o", 63)},
}

var acceptedOthers = []manifestTest{
	{name: "a product that says everything", manifest: productManifest},
	{name: "more removed than received", manifest: productManifest, old: "removed: 2", replacement: "removed: 12"},
	{name: "a source that has received nothing yet", manifest: productManifest, old: "received: 10", replacement: "received: 0"},
	{
		name:     "a product that nobody supplies",
		manifest: productManifest,
		old:      "spec:\n  supply:\n  - source: warehouse-a\n    received: 10\n    removed: 2\n  - source: warehouse-b\n    received: 5\n",
	},
	{name: "a simulated gateway", manifest: gatewayManifest},
	{name: "a simulated carrier", manifest: carrierManifest},
}

// TestAccepted has every manifest accepted both ways; nothing is stored.
func TestAccepted(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	for _, test := range append(onOrder(acceptedOrders), acceptedOthers...) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			object := parse(t, namespace, with(t, test.manifest, test.old, test.replacement))
			if err := apply(t, object, client.DryRunAll); err != nil {
				t.Errorf("refused by server-side apply: %v", err)
			}
			if err := api.Create(t.Context(), object, client.DryRunAll); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// onOrder makes the tests change the manifest of an Order.
func onOrder(tests []manifestTest) []manifestTest {
	var onOrder []manifestTest
	for _, test := range tests {
		test.manifest = orderManifest
		onOrder = append(onOrder, test)
	}
	return onOrder
}

func manyItems(n int) string {
	var items strings.Builder
	for i := range n {
		fmt.Fprintf(&items, "  - {productName: part-%d, quantity: 1, unitPrice: \"1\"}\n", i)
	}
	return items.String()
}
