// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// interrupted is a store to which another process appends just before this one does.
type interrupted struct {
	eventcore.Store
	before func()
}

func (s *interrupted) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if before := s.before; before != nil {
		s.before = nil
		before()
	}
	return s.Store.Append(ctx, request)
}

var (
	id      = saga.OrderID{Namespace: "shop", Name: "order-001"}
	price   = saga.Money{Currency: "USD", Minor: 100}
	content = saga.OrderCreated{
		UID: "uid-1", Lines: []saga.Line{{Product: "pen", Quantity: 1, UnitPrice: price}}, Total: price,
		CaptureMode: saga.CaptureImmediate,
	}
)

func recorded(t *testing.T, store eventcore.Store) (events []eventcore.Event) {
	t.Helper()
	for event, err := range store.Read(t.Context(), eventcore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

func newEngine(t *testing.T, store eventcore.Store) *engine.Engine {
	t.Helper()
	executor, err := eventcore.NewExecutor(t.Context(), store, saga.NewRegistry(), eventcore.ExecutorOptions{
		AppendOnly: saga.AggregateStreams(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(executor.Close)
	return engine.New(executor, store.Identity(), nil)
}

func TestAnOrderThatAnotherProcessHasBegunMeanwhileIsAttachedToWithItsHistory(t *testing.T) {
	log := memory.New(memory.Options{StoreID: uuid.New()})
	store := &interrupted{Store: log}
	one, other := newEngine(t, store), newEngine(t, log)
	store.before = func() {
		if err := other.Accept(t.Context(), id, content); err != nil {
			t.Error(err)
		}
		if err := other.Suspend(t.Context(), id, 0, saga.ReasonOrderDeleted, time.Now().Add(time.Hour)); err != nil {
			t.Error(err)
		}
	}
	if err := one.Accept(t.Context(), id, content); err != nil {
		t.Fatal(err)
	}
	events := recorded(t, log)
	if len(events) != 3 || events[2].Type != "OrderResumed" {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	created, resumed := events[0].Metadata, events[2].Metadata
	if resumed.Causation != events[1].Position || resumed.CorrelationID != created.CorrelationID {
		t.Errorf("OrderResumed of %s is caused by %d, and not of %s by %d",
			resumed.CorrelationID, resumed.Causation, created.CorrelationID, events[1].Position)
	}
}

func TestAWishAboutAnAttemptLeavesTheNextOneAlone(t *testing.T) {
	log := memory.New(memory.Options{StoreID: uuid.New()})
	store := &interrupted{Store: log}
	one, other := newEngine(t, store), newEngine(t, log)
	if err := other.Accept(t.Context(), id, content); err != nil {
		t.Fatal(err)
	}
	store.before = func() { // its user cancels the order, and tries again
		again := content
		again.Attempt = 2
		if err := other.RequestCancellation(t.Context(), id, 1, saga.ReasonCancelledByUser); err != nil {
			t.Error(err)
		}
		if err := other.Accept(t.Context(), id, again); err != nil {
			t.Error(err)
		}
	}
	for range 2 { // decided again once the append has lost the race, and once the state is known
		if err := one.RequestCancellation(t.Context(), id, 1, saga.ReasonCancelledByUser); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Suspend(t.Context(), id, 1, saga.ReasonSuspended, time.Time{}); err != nil {
		t.Fatal(err)
	}
	events := recorded(t, log)
	if last := events[len(events)-1]; store.before != nil || last.Type != "OrderCreated" {
		t.Errorf("the second attempt was followed by %s", last.Type)
	}
}
