// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torture_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/harness"
)

// end is how an order or a product ends up, as far as it must not depend on when the manager was killed.
type end string

// result is how a round ended, by kind and name.
type result map[string]end

func ctxWithPatience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// start starts a manager, which is killed with the test at the latest.
func start(ctx context.Context, t *testing.T) *harness.Manager {
	t.Helper()
	manager, err := harness.StartManager(shared.manager)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = manager.Kill() })
	if err := manager.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	return manager
}

// apply creates the round's namespace and everything in it, in any order: orders may come before their products.
func apply(ctx context.Context, t *testing.T, namespace string, random *rand.Rand, products, orders []*unstructured.Unstructured) {
	t.Helper()
	if err := shared.cluster.CreateNamespace(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(products, orders)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if err := shared.cluster.Apply(ctx, namespace, all...); err != nil {
		t.Fatal(err)
	}
}

// wait waits until all orders have ended.
func wait(ctx context.Context, t *testing.T, namespace string, orders []*unstructured.Unstructured) {
	t.Helper()
	if _, err := shared.cluster.WaitForOrders(ctx, namespace, names(orders)...); err != nil {
		t.Fatal(err)
	}
}

// audit waits until the statuses have caught up, audits the books and returns how everything ended.
func audit(ctx context.Context, t *testing.T, namespace string) result {
	t.Helper()
	books, err := shared.cluster.Settle(ctx, shared.witness, namespace)
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range harness.Audit(books) {
		t.Errorf("%v", violation)
	}
	return resultOf(books)
}

func resultOf(books *harness.Books) result {
	r := result{}
	for id, order := range books.Orders {
		if object := order.Object; object != nil {
			r["order "+id.Name] = end(fmt.Sprintf("%s (%s), charged %s, refunded %s",
				object.Status.Outcome, harness.Reason(object), object.Status.Charged, object.Status.Refunded))
		}
	}
	for id, product := range books.Products {
		r["product "+id.Name] = end(fmt.Sprintf("%d supplied, %d reserved, %d shipped", product.Supplied, product.Reserved, product.Shipped))
	}
	return r
}

// compare reports where a round ended differently from the one in which nobody was killed.
func compare(t *testing.T, want, got result) {
	t.Helper()
	if maps.Equal(want, got) {
		return
	}
	for name, end := range want {
		if got[name] != end {
			t.Errorf("%s: ended as %q, without a kill as %q", name, got[name], end)
		}
	}
}

// TestManagerSurvivesSIGKILL kills the manager at a random moment of each round, starts it again, and wants the orders, the money and the
// stock to end as they do without that.
func TestManagerSurvivesSIGKILL(t *testing.T) {
	t.Logf("to kill at the same moments again: -args -rounds=%d -seed=%d", *rounds, *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	var want result
	var took time.Duration
	t.Run("without a kill", func(t *testing.T) {
		ctx := ctxWithPatience(t)
		manager := start(ctx, t)
		begin := time.Now()
		products, orders := workload(t)
		apply(ctx, t, "round-0", random, products, orders)
		wait(ctx, t, "round-0", orders)
		took = time.Since(begin)
		want = audit(ctx, t, "round-0")
		t.Logf("%d orders took %s: %v", len(orders), took.Round(time.Millisecond), tally(want))
		if err := manager.Kill(); err != nil {
			t.Fatal(err)
		}
	})
	for round := range *rounds {
		passed := t.Run(fmt.Sprintf("round %d", round+1), func(t *testing.T) {
			ctx := ctxWithPatience(t)
			tortureOnce(ctx, t, fmt.Sprintf("round-%d", round+1), random, took, want)
		})
		if !passed {
			return
		}
	}
}

func tortureOnce(ctx context.Context, t *testing.T, namespace string, random *rand.Rand, took time.Duration, want result) {
	t.Helper()
	moment := randomMoment(random, took)
	manager := start(ctx, t)
	killed := make(chan error, 1)
	products, orders := workload(t)
	go func() { killed <- moment.kill(ctx, namespace, len(orders), manager) }()
	apply(ctx, t, namespace, random, products, orders)
	if err := <-killed; err != nil {
		t.Fatal(err)
	}
	books, err := harness.ReadBooks(ctx, shared.witness, shared.cluster.Client, namespace)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("killed %s, with %s", moment, state(books))
	begin := time.Now()
	manager = start(ctx, t)
	wait(ctx, t, namespace, orders)
	t.Logf("all had ended %s after the restart", time.Since(begin).Round(time.Millisecond))
	compare(t, want, audit(ctx, t, namespace))
	if err := manager.Kill(); err != nil {
		t.Fatal(err)
	}
}

// moment is when the manager is killed: after so many changes of statuses, or a while after it has recorded its first order.
type moment struct {
	changes int
	delay   time.Duration
}

// String completes "killed".
func (m moment) String() string {
	if m.changes > 0 {
		return fmt.Sprintf("after %d changes of statuses", m.changes)
	}
	return m.delay.Round(time.Millisecond).String() + " after the first order"
}

func randomMoment(random *rand.Rand, took time.Duration) moment {
	if random.IntN(2) == 0 {
		return moment{changes: 1 + random.IntN(40)} // some statuses are written more than once
	}
	early := random.Float64()
	return moment{delay: time.Duration(early * early * early * float64(took))} // most happens at the beginning
}

// kill waits for the moment, or until nothing changes any more, and kills the manager.
func (m moment) kill(ctx context.Context, namespace string, orders int, manager *harness.Manager) error {
	if m.changes > 0 {
		if err := m.countChanges(ctx, namespace, orders); err != nil {
			return err
		}
		return manager.Kill()
	}
	filter := eventcore.Filter{Prefixes: []string{string(saga.OrderID{Namespace: namespace}.Stream())}}
	if err := waitForEvent(ctx, filter); err != nil {
		return err
	}
	select {
	case <-time.After(m.delay):
	case <-ctx.Done():
	}
	return manager.Kill()
}

func (m moment) countChanges(ctx context.Context, namespace string, orders int) error {
	changes, ended := 0, map[string]bool{}
	return shared.cluster.WatchOrders(ctx, namespace, func(order *commercev1.Order, _ bool) bool {
		if order.Status.ObservedGeneration > 0 {
			changes++
		}
		if harness.AtRest(order) {
			ended[order.Name] = true
		}
		return changes >= m.changes || len(ended) == orders
	})
}

// state says how many orders were recorded, had ended, and had a call whose outcome was not recorded.
func state(books *harness.Books) string {
	recorded, ended, calling := 0, 0, 0
	for _, book := range books.Orders {
		if !book.Order.Created() {
			continue
		}
		recorded++
		if book.Order.Outcome != "" {
			ended++
		}
		for _, step := range book.Order.Steps {
			if step.Forward.Unsettled || step.Undo.Unsettled {
				calling++
			}
		}
	}
	return fmt.Sprintf("%d orders recorded, %d ended, %d calls open", recorded, ended, calling)
}

// tally counts how the orders ended, whatever the money.
func tally(r result) map[string]int {
	counts := map[string]int{}
	for name, end := range r {
		if strings.HasPrefix(name, "order ") {
			ending, _, _ := strings.Cut(string(end), ",")
			counts[ending]++
		}
	}
	return counts
}

// TestInterruptedManagerStopsCleanly asks a busy manager to end, which it must do in time and without complaint, and lets a second one
// carry on.
func TestInterruptedManagerStopsCleanly(t *testing.T) {
	const namespace, grace = "interrupted", 30 * time.Second
	ctx := ctxWithPatience(t)
	manager := start(ctx, t)
	called := make(chan error, 1)
	slow := saga.OrderID{Namespace: namespace, Name: "order-005-slow"}
	go func() {
		called <- waitForEvent(ctx, eventcore.Filter{Streams: []eventcore.StreamID{slow.Stream()}, Types: []string{"PaymentRequested"}})
	}()
	products, orders := workload(t)
	apply(ctx, t, namespace, rand.New(rand.NewPCG(*seed, 1)), products, orders)
	if err := <-called; err != nil {
		t.Fatal(err)
	}
	stopping, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	begin := time.Now()
	if err := manager.Stop(stopping); err != nil {
		t.Fatalf("the manager did not end well after SIGTERM: %v", err)
	}
	books, err := harness.ReadBooks(ctx, shared.witness, shared.cluster.Client, namespace)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("stopped in %s, with %s", time.Since(begin).Round(time.Millisecond), state(books))
	start(ctx, t)
	wait(ctx, t, namespace, orders)
	audit(ctx, t, namespace)
}

// waitForEvent waits until something is recorded that matches the filter.
func waitForEvent(ctx context.Context, filter eventcore.Filter) error {
	for batch, err := range shared.witness.Store.Subscribe(ctx, 0, filter) {
		if err != nil {
			return err
		}
		if len(batch.Events) > 0 {
			return nil
		}
	}
	return ctx.Err()
}
