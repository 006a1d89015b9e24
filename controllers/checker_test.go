// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/watch"
	"github.com/eventcore/order-operator/eventcore"
)

// checked is a shop beside which the checker runs.
type checked struct {
	*world
	metrics *prometheus.Registry
	woken   chan feed.Touched
	stop    func()
}

func newChecked(t *testing.T) *checked {
	t.Helper()
	w := &checked{world: newShop(t)}
	w.check()
	return w
}

// check starts a checker in a process of its own, which knows nothing yet.
func (w *checked) check() {
	w.Helper()
	w.metrics, w.woken = prometheus.NewRegistry(), make(chan feed.Touched, 100)
	watcher, err := watch.New(watch.Options{
		Store: w.store, Metrics: w.metrics, Clock: w.clock.Now, Wake: func(touched feed.Touched) { w.woken <- touched },
	})
	w.must(err)
	w.orders.Violation, w.products.Violation = watcher.Order, watcher.Product
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- watcher.Run(ctx) }()
	w.stop = func() {
		if cancel(); ctx.Err() != nil && ended != nil {
			w.must(<-ended)
			ended = nil
		}
	}
	w.Cleanup(w.stop)
}

// awaits waits for news of the checker, and returns of whom.
func (w *checked) awaits() (woken []string) {
	w.Helper()
	select {
	case touched := <-w.woken:
		for _, id := range touched.Orders {
			woken = append(woken, id.Name)
		}
		for _, id := range touched.Products {
			woken = append(woken, id.Name)
		}
	case <-time.After(30 * time.Second):
		w.Fatal("the checker has found nothing")
	}
	return woken
}

// repeats records the order's last event of the type once more.
func (w *checked) repeats(name, kind string) {
	w.Helper()
	var last eventcore.Event
	stream := saga.OrderID{Namespace: w.namespace, Name: name}.Stream()
	filter := eventcore.Filter{Streams: []eventcore.StreamID{stream}, Types: []string{kind}}
	for event, err := range w.store.Read(w.Context(), eventcore.Query{Filter: filter}) {
		w.must(err)
		last = event
	}
	w.plants(last)
}

func (w *checked) plants(event eventcore.Event) {
	w.Helper()
	event.ID, event.Position, event.Streams = uuid.New(), 0, slices.Clone(event.Streams)
	for i := range event.Streams {
		event.Streams[i].Version = 0
	}
	_, err := w.store.Append(w.Context(), eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{event}})
	w.must(err)
}

// violations returns the rules that the metric counts.
func (w *checked) violations() map[string]float64 {
	w.Helper()
	families, err := w.metrics.Gather()
	w.must(err)
	violations := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "order_operator_invariant_violations_total" {
			continue
		}
		for _, row := range family.GetMetric() {
			if count := row.GetCounter().GetValue(); count > 0 {
				violations[row.GetLabel()[0].GetValue()] = count
			}
		}
	}
	return violations
}

func TestADamagedOrderSaysSoAndACleanOneCostsNothing(t *testing.T) {
	w := newChecked(t)
	for _, name := range []string{"clean", "damaged"} {
		w.create(w.newOrder(name))
		w.run(name, ended)
	}
	writes, commits := w.writes.Load(), w.store.appends.Load()
	if writes != 2 || commits != 14 {
		t.Errorf("%d status writes and %d commits, wanted 2 and 14", writes, commits)
	}
	w.repeats("damaged", "PaymentProcessed")
	if woken := w.awaits(); !slices.Equal(woken, []string{"damaged"}) {
		t.Errorf("woke %q, wanted the damaged order alone", woken)
	}
	for range 3 {
		w.reconcile("damaged")
		w.reconcile("clean")
		w.clock.advance(time.Minute)
	}
	w.expectConditions(w.get("damaged"), "Succeeded=True Completed", "Ready=False InvariantViolated", "Stalled=True InvariantViolated")
	w.expectConditions(w.get("clean"), "Succeeded=True Completed", "Ready=True Completed")
	message := w.ready("damaged")
	if !strings.HasPrefix(message, "EndsOnce: PaymentProcessed was recorded although the order had ended") {
		t.Errorf("message %q", message)
	}
	if got := w.violations(); !maps.Equal(got, map[string]float64{"EndsOnce": 1}) {
		t.Errorf("the metric counts %v, wanted EndsOnce once", got)
	}
	if warnings := w.warnings(); !slices.Equal(warnings, []string{"Warning InvariantViolated " + message}) {
		t.Errorf("warnings %q, wanted one", warnings)
	}
	if got := w.writes.Load() - writes; got != 1 {
		t.Errorf("%d status writes, wanted 1", got)
	}
}

func TestAnOrderThatIsDamagedUnderWayIsStalledAndGoesOn(t *testing.T) {
	w := newChecked(t)
	w.charging("order")
	w.repeats("order", "StockReserved")
	w.awaits()
	w.reconcile("order")
	w.expectConditions(w.get("order"), "Ready=False InvariantViolated", "Stalled=True InvariantViolated")
	if message := w.ready("order"); !strings.HasPrefix(message, "ReservedOnce: ") {
		t.Errorf("message %q", message)
	}
	w.change("order", cancel)
	w.expectConditions(w.run("order", ended),
		"Succeeded=False CancelledByUser", "Ready=False InvariantViolated", "Stalled=True InvariantViolated")
}

func TestANewProcessTakesNothingBackAndDeletesNoEvidence(t *testing.T) {
	w := newChecked(t)
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.TTLSecondsAfterFinished = new(int32(60)) }))
	w.run("order", ended)
	w.repeats("order", "PaymentProcessed")
	w.awaits()
	w.reconcile("order")
	shown := w.get("order")
	w.stop()

	w.orders.Violation = func(saga.OrderID) (string, bool) { return "", false }
	w.clock.advance(time.Hour)
	if result := w.reconcile("order"); result.RequeueAfter != time.Second {
		t.Errorf("looks again after %s, wanted a second", result.RequeueAfter)
	}
	w.check()
	if woken := w.awaits(); !slices.Equal(woken, []string{"order"}) {
		t.Errorf("woke %q, wanted what was found before", woken)
	}
	w.reconcile("order")
	if now := w.get("order"); now.ResourceVersion != shown.ResourceVersion {
		t.Errorf("a new process has written %+v", now.Status.Conditions)
	}
}

func TestADamagedProductSaysSo(t *testing.T) {
	w := newChecked(t)
	var supplied eventcore.Event
	id := saga.ProductID{Namespace: w.namespace, Name: "laptop-001"}
	for event, err := range w.store.Read(t.Context(), eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}}}) {
		w.must(err)
		supplied = event
	}
	less, err := saga.NewRegistry().Encode(saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "warehouse", Received: 4}}})
	w.must(err)
	supplied.Data = less.Data
	w.plants(supplied)
	if woken := w.awaits(); !slices.Equal(woken, []string{"laptop-001"}) {
		t.Errorf("woke %q, wanted the damaged product", woken)
	}
	for range 3 {
		w.clock.advance(time.Minute)
		w.reconcileProduct("laptop-001")
		w.reconcileProduct("mouse-001")
	}
	inconsistent := apimeta.FindStatusCondition(w.getProduct("laptop-001").Status.Conditions, commercev1.ConditionConsistent)
	if inconsistent == nil || inconsistent.Status != "False" || inconsistent.Reason != commercev1.ReasonInvariantViolated ||
		!strings.HasPrefix(inconsistent.Message, "SupplyOnlyGrows: ") {
		t.Errorf("condition %+v", inconsistent)
	}
	if clean := w.getProduct("mouse-001").Status.Conditions; len(clean) != 1 {
		t.Errorf("conditions %+v of a product with which nothing is wrong", clean)
	}
	if writes := w.writes.Load(); writes != 1 {
		t.Errorf("%d status writes, wanted 1", writes)
	}
}
