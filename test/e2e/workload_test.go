// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/test/harness"
	"github.com/eventcore/order-operator/test/provider"
)

// ordersOfAWorkload are so many that those which are held up are not all.
const ordersOfAWorkload = 16

// held is how many charges are held up before something is disturbed.
const held = 5

const productManifest = `
apiVersion: commerce.eventcore.dev/v1
kind: Product
metadata:
  name: pen
spec:
  supply:
  - {source: factory, received: 10000, removed: 10}
`

const orderManifest = `
---
apiVersion: commerce.eventcore.dev/v1
kind: Order
metadata:
  name: %s
spec:
  customer: {id: somebody}
  currency: USD
  items:
  - {productName: pen, quantity: %d, unitPrice: "1.%02d"}
  payment: {token: %s}
  shipping:
    address: {name: %s, lines: [1 Sample Street], city: Springfield, country: US}
`

// kinds are the ways in which a provider treats orders: most are fine, and of the rest each one must be undone or asked
// about.
var kinds = []struct{ token, address string }{
	{"sim_approve", "Ada Example"}, {"sim_approve", "Grace Example"}, {"sim_decline", "Ada Example"},
	{"sim_approve", "SIM REFUSE"}, {"sim_lost_reply", "Ada Example"}, {"sim_fail_1", "Ada Example"},
	{"sim_slow_1", "SIM SLOW"}, {"sim_approve", "SIM LOST"},
}

// makeNamespace makes a namespace with a product that never runs out.
func makeNamespace(t *testing.T, namespace string) {
	t.Helper()
	kubectl(t, "create", "namespace", namespace)
	apply(t, namespace, productManifest)
}

func apply(t *testing.T, namespace, manifests string) {
	t.Helper()
	if err := shared.kind.KubectlApply(patiently(t), manifests, "--server-side", "--namespace", namespace); err != nil {
		t.Fatal(err)
	}
}

// order applies an Order that nothing is wrong with.
func order(t *testing.T, namespace, name string) {
	t.Helper()
	apply(t, namespace, fmt.Sprintf(orderManifest, name, 1, 50, "sim_approve", "Ada Example"))
}

// orders applies so many Orders of all kinds, and returns their names.
func orders(t *testing.T, namespace string, count int) (names []string) {
	t.Helper()
	var all strings.Builder
	for i := range count {
		kind, name := kinds[i%len(kinds)], orderName(i)
		fmt.Fprintf(&all, orderManifest, name, 1+i%3, i, kind.token, kind.address)
		names = append(names, name)
	}
	apply(t, namespace, all.String())
	return names
}

// orderName is that of an order of a workload.
func orderName(i int) string { return fmt.Sprintf("order-%02d", i) }

// plan says how the provider misbehaves until the test ends.
func plan(t *testing.T, rules ...provider.Rule) {
	t.Helper()
	if err := shared.provider.SetPlan(patiently(t), provider.Plan{Rules: rules}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) //nolint:usetesting // the test has ended
		defer cancel()
		if err := shared.provider.SetPlan(ctx, provider.Plan{}); err != nil {
			t.Error(err)
		}
	})
}

// amid applies orders, lets the provider hold some charges up, disturbs whatever the function disturbs, and lets the
// charges go on. It returns once all orders have ended, and the checker is content.
func (w *world) amid(t *testing.T, namespace string, disturb func(t *testing.T)) {
	t.Helper()
	makeNamespace(t, namespace)
	names := w.begin(t, namespace)
	disturb(t)
	release(t)
	w.end(t, namespace, names...)
}

// begin applies orders, and returns when the provider holds some charges up.
func (w *world) begin(t *testing.T, namespace string) (names []string) {
	t.Helper()
	before := faults(t)
	plan(t, provider.Rule{Fault: provider.Late, Actions: []string{"charge"}, Times: held})
	names = orders(t, namespace, ordersOfAWorkload)
	await(t, "charges are held up", func(ctx context.Context) (bool, error) {
		report, err := shared.provider.Report(ctx)
		return report.Faults[provider.Late] >= before+held, err
	})
	return names
}

func faults(t *testing.T) int {
	t.Helper()
	report, err := shared.provider.Report(patiently(t))
	if err != nil {
		t.Fatal(err)
	}
	return report.Faults[provider.Late]
}

// release lets the charges go on that are held up.
func release(t *testing.T) {
	t.Helper()
	if err := shared.provider.Release(patiently(t)); err != nil {
		t.Fatal(err)
	}
}

// end waits until the orders have ended without needing a person, and has everything audited.
func (w *world) end(t *testing.T, namespace string, names ...string) {
	t.Helper()
	begin := time.Now()
	ended, err := shared.kind.WaitForOrders(patiently(t), namespace, names...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("all %d orders had ended %s later", len(names), seconds(begin))
	completed := 0
	for name, order := range ended {
		if order.Status.Outcome == "" {
			t.Errorf("order %s: %s", name, harness.Describe(order))
		}
		if order.Status.Outcome == commercev1.OutcomeCompleted {
			completed++
		}
	}
	if completed == 0 {
		t.Error("no order is completed")
	}
	w.namespaces = append(w.namespaces, namespace)
	w.audit(t)
}

// audit holds event store, ledger and statuses against each other, of all namespaces until now.
func (w *world) audit(t *testing.T) {
	t.Helper()
	ctx := patiently(t)
	witness := w.witness(t)
	books, err := shared.kind.Settle(ctx, witness, slices.Clone(w.namespaces)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range harness.Audit(books) {
		t.Errorf("violated: %v", violation)
	}
	t.Logf("audited: %s", books.Summary())
	w.check(t)
}

// check has the operator's own program judge the store.
func (w *world) check(t *testing.T) {
	t.Helper()
	dsn := w.dsn
	if dsn == "" {
		dsn = store
	}
	printed, err := shared.kind.Manager(patiently(t), w.pods(t)[0], "check", "--store="+dsn)
	if err != nil {
		t.Error(err)
	}
	t.Logf("manager check: %s", strings.TrimSpace(printed))
}
