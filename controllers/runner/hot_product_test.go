// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// countedStore counts what is read and written.
type countedStore struct {
	eventcore.Store
	reads, eventsRead, appends, eventsWritten atomic.Int64
}

func (s *countedStore) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	s.appends.Add(1)
	appended, err := s.Store.Append(ctx, request)
	if err == nil {
		s.eventsWritten.Add(int64(len(request.Events)))
	}
	return appended, err
}

func (s *countedStore) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	s.reads.Add(1)
	return func(yield func(eventcore.Event, error) bool) {
		for event, err := range s.Store.Read(ctx, query) {
			s.eventsRead.Add(1)
			if !yield(event, err) {
				return
			}
		}
	}
}

// cost is what a wave of orders took.
type cost struct{ reads, eventsRead, appends, eventsWritten int64 }

func (s *countedStore) cost() cost {
	return cost{s.reads.Swap(0), s.eventsRead.Swap(0), s.appends.Swap(0), s.eventsWritten.Swap(0)}
}

// prompt are providers that do what they are asked at once.
type (
	prompt         struct{}
	promptCarriers struct{ prompt }
	promptShipping struct{ shipping.Provider }
	promptPayment  struct{ payment.Provider }
)

func (prompt) Provider(string) (payment.Provider, bool)          { return promptPayment{}, true }
func (promptCarriers) Provider(string) (shipping.Provider, bool) { return promptShipping{}, true }
func (prompt) Token(context.Context, saga.OrderID, func(string) bool) (string, bool, error) {
	return "token", true, nil
}

func (promptPayment) Do(_ context.Context, r payment.Request) (payment.Movement, error) {
	return payment.Movement{Reference: "ch_1", Amount: r.Amount}, nil
}

func (promptShipping) Create(context.Context, shipping.ShipmentRequest) (shipping.Shipment, error) {
	return shipping.Shipment{Reference: "sh_1", TrackingNumber: "T1"}, nil
}

// TestAHotProductCostsNoMoreTheMoreItSells sells one product in ten waves of orders. The last wave may read and write no
// more than the second: what the product has sold before is nothing that anybody looks at again.
func TestAHotProductCostsNoMoreTheMoreItSells(t *testing.T) {
	const waves = 10
	perWave := 1000
	if testing.Short() {
		perWave = 50
	}
	store := &countedStore{Store: memory.New(memory.Options{StoreID: storeID})}
	t.Cleanup(func() { _ = store.Close() })
	r, err := runner.New(t.Context(), store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: prompt{}, Carriers: promptCarriers{}, Tokens: prompt{},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	if err := r.Inventory.Supply(t.Context(), laptop, []saga.SupplyTotal{{Source: "warehouse", Received: int64(waves * perWave)}}); err != nil {
		t.Fatal(err)
	}

	costs := make([]cost, waves)
	for wave := range costs {
		store.cost()
		sell(t, r, store, wave, perWave)
		costs[wave] = store.cost()
		t.Logf("wave %d: %+v", wave, costs[wave])
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}

	if stock := stockOf(t, store, laptop); stock.Shipped != int64(waves*perWave) || stock.Available() != 0 || stock.Reserved != 0 {
		t.Errorf("%+v, wanted everything shipped", stock)
	}
	second, last := costs[1], costs[waves-1]
	if last.eventsWritten != second.eventsWritten || last.eventsWritten != int64(7*perWave) {
		t.Errorf("the last wave wrote %d events, the second %d, wanted 7 for each order", last.eventsWritten, second.eventsWritten)
	}
	// How many commands share an append is up to the scheduler. History must not matter.
	if last.appends > int64(10*perWave) {
		t.Errorf("the last wave took %d appends, wanted at most 10 for each order", last.appends)
	}
	// So is how many orders are looked at once more when the cache has forgotten them. One read of the product's stream
	// has more events than all of that.
	if last.reads > int64(4*perWave) || last.eventsRead > int64(20*perWave) {
		t.Errorf("the last wave read %d events in %d reads, wanted at most 20 in 4 for each order", last.eventsRead, last.reads)
	}
}

// sell has so many orders of one laptop each carried out, and waits for their end.
func sell(t *testing.T, r *runner.Runner, store eventcore.Store, wave, orders int) {
	t.Helper()
	head, err := store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := range orders {
			content := order(fmt.Sprintf("uid-%d-%d", wave, i))
			content.Lines, content.Total = content.Lines[:1], content.Lines[0].UnitPrice
			id := saga.OrderID{Namespace: laptop.Namespace, Name: fmt.Sprintf("order-%d-%d", wave, i)}
			if err := r.Order.Accept(t.Context(), id, content); err != nil {
				t.Errorf("order %s: %v", id, err)
			}
		}
	}()
	left := orders
	completed := eventcore.Filter{Types: []string{"OrderCompleted"}}
	for batch, err := range store.Subscribe(t.Context(), head, completed) {
		if err != nil {
			t.Fatal(err)
		}
		if left -= len(batch.Events); left == 0 {
			return
		}
	}
}

func stockOf(t *testing.T, store eventcore.Store, id saga.ProductID) saga.Stock {
	t.Helper()
	var stock saga.Stock
	registry := saga.NewRegistry()
	for event, err := range store.Read(t.Context(), eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}}}) {
		if err == nil {
			err = registry.Decode(&event)
		}
		if err != nil {
			t.Fatal(err)
		}
		stock = stock.Apply(id.Stream(), &event)
	}
	return stock
}
