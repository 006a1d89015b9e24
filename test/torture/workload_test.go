// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torture_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/eventcore/order-operator/test/harness"
)

const generatedOrders = 20

const generatedManifest = `
apiVersion: commerce.eventcore.dev/v1
kind: Order
metadata:
  name: %s
spec:
  customer:
    id: cust-%d
  currency: USD
  items: [%s]
  payment:
    token: %s
  shipping:
    address:
      name: %s
      lines: [1 Sample Street]
      city: Springfield
      country: US
`

// workload returns the objects of a round: the samples and generated orders, the same ones every time. Stock is ample, save for the one order
// that asks for more than there will ever be: which orders succeed does not depend on which comes first.
func workload(t *testing.T) (products, orders []*unstructured.Unstructured) {
	t.Helper()
	samples := filepath.Join(shared.root, "config", "samples")
	products, err := harness.ReadManifests(filepath.Join(samples, "products.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(samples, "order-*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample orders in %s (%v)", samples, err)
	}
	for _, file := range files {
		objects, err := harness.ReadManifests(file)
		if err != nil {
			t.Fatal(err)
		}
		orders = append(orders, objects...)
	}
	products = append(products, parse(t, `
apiVersion: commerce.eventcore.dev/v1
kind: Product
metadata:
  name: pen-001
spec:
  supply:
  - {source: warehouse-a, received: 1000, removed: 10}
`))
	return products, append(orders, generate(t)...)
}

func generate(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 1)) // the same in every round
	tokens := []string{
		"sim_approve", "sim_approve", "sim_approve", "sim_decline", "sim_insufficient_funds",
		"sim_lost_reply", "sim_fail_1", "sim_fail_2", "sim_slow_1", "sim_slow_3",
	}
	addresses := []string{"Ada Example", "Ada Example", "Ada Example", "SIM REFUSE", "SIM LOST", "SIM SLOW"}
	orders := make([]*unstructured.Unstructured, 0, generatedOrders)
	for i := range generatedOrders {
		items := []string{fmt.Sprintf("{productName: pen-001, quantity: %d, unitPrice: \"1.%02d\"}", 1+random.IntN(5), i)}
		if random.IntN(3) == 0 {
			items = append(items, "{productName: keyboard-001, quantity: 1, unitPrice: \"80.00\"}")
		}
		orders = append(orders, parse(t, fmt.Sprintf(generatedManifest, fmt.Sprintf("generated-%02d", i), i,
			strings.Join(items, ", "), tokens[i%len(tokens)], addresses[random.IntN(len(addresses))])))
	}
	return orders
}

func parse(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict([]byte(manifest), &object.Object); err != nil {
		t.Fatalf("parse a generated manifest: %v\n%s", err, manifest)
	}
	return object
}

func names(objects []*unstructured.Unstructured) []string {
	names := make([]string, 0, len(objects))
	for _, object := range objects {
		names = append(names, object.GetName())
	}
	return names
}
