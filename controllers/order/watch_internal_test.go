// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// The queue of controller-runtime gives what is listed at a start a low priority: under a steady load of new Orders it
// would never have its turn.
func TestAnOrderThatIsListedAtAStartDoesNotWaitBehindNewOnes(t *testing.T) {
	queue := priorityqueue.New[reconcile.Request]("test")
	defer queue.ShutDown()
	create := func(name string, outcome commercev1.OrderOutcome, listed bool) {
		order := &commercev1.Order{Status: commercev1.OrderStatus{Outcome: outcome}}
		order.Namespace, order.Name = "shop", name
		(&enqueue{}).Create(t.Context(), event.CreateEvent{Object: order, IsInInitialList: listed}, queue)
	}
	create("settled", commercev1.OutcomeCompleted, true)
	create("open", "", true)
	create("new", "", false)
	got := map[string]int{}
	for range 3 {
		request, priority, _ := queue.GetWithPriority()
		queue.Done(request)
		got[request.Name] = priority
	}
	if got["open"] != got["new"] || got["settled"] >= got["new"] {
		t.Errorf("priorities %v: want open as urgent as new, and settled less", got)
	}
}

func TestAYoungOrderIsReconciledAgainOnlyForNews(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	store := memory.New(memory.Options{StoreID: uuid.New()})
	executor, err := eventcore.NewExecutor(t.Context(), store, saga.NewRegistry(), eventcore.ExecutorOptions{
		AppendOnly: saga.AggregateStreams(), Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(executor.Close)
	r := &Reconciler{Engine: engine.New(executor, store.Identity(), clock), Clock: clock}
	id := saga.OrderID{Namespace: "shop", Name: "order-001"}
	price := saga.Money{Currency: "USD", Minor: 100}
	content := saga.OrderCreated{
		UID: "uid-1", Lines: []saga.Line{{Product: "pen", Quantity: 1, UnitPrice: price}}, Total: price,
		CaptureMode: saga.CaptureImmediate,
	}
	expect := func(situation string, want bool) {
		t.Helper()
		if got := r.concerns(t.Context(), id); got != want {
			t.Errorf("%s: concerns %t, want %t", situation, got, want)
		}
	}
	expect("unknown", true)
	if err := r.Engine.Accept(t.Context(), id, content); err != nil {
		t.Fatal(err)
	}
	expect("on its way", false)
	now = now.Add(patience)
	expect("old enough to show its progress", true)
	now = now.Add(-patience)
	if err := r.Engine.RequestCancellation(t.Context(), id, 0, saga.ReasonCancelledByUser); err != nil {
		t.Fatal(err)
	}
	expect("to be cancelled", true)
	if _, err := r.Engine.Step(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	expect("ended", true)
}
