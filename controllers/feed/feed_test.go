// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/eventcore/storetest"
)

var pen = saga.ProductID{Namespace: "shop", Name: "pen"}

// shop is a store, and the services of another process on it.
type shop struct {
	*testing.T

	store    *memory.Store
	services *runner.Services
}

func newShop(t *testing.T) *shop {
	t.Helper()
	store := memory.New(memory.Options{})
	services, err := runner.NewServices(t.Context(), store, runner.ServicesOptions{
		Only: []saga.Service{saga.InventoryService}, Report: func(id saga.OrderID, err error) { t.Errorf("%s: %v", id, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		services.Close()
		_ = store.Close()
	})
	return &shop{T: t, store: store, services: services}
}

// supply records so many units of the pen.
func (s *shop) supply(units int64) {
	s.Helper()
	if err := s.services.Inventory.Supply(s.Context(), pen, []saga.SupplyTotal{{Source: "factory", Received: units}}); err != nil {
		s.Fatal(err)
	}
}

// touches has the feed tell of the products that are touched.
func touches(f *feed.Feed) <-chan saga.ProductID {
	products := make(chan saga.ProductID, 100)
	f.Subscribe(func(touched feed.Touched) {
		for _, id := range touched.Products {
			products <- id
		}
	})
	return products
}

// run runs the feed until it has told of a product, and then ends it.
func (s *shop) run(f *feed.Feed, products <-chan saga.ProductID) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	select {
	case id := <-products:
		if id != pen {
			s.Errorf("told of %s", id)
		}
	case err := <-ended:
		s.Fatalf("ended before it has told of anything: %v", err)
	case <-time.After(10 * time.Second):
		s.Fatal("has told of nothing")
	}
	cancel()
	if err := <-ended; err != nil {
		s.Error(err)
	}
}

func TestWhatWasRecordedWhileTheFeedDidNotRunIsToldWhenItRunsAgain(t *testing.T) {
	s := newShop(t)
	f := feed.New(s.store)
	products := touches(f)
	s.supply(1)
	s.run(f, products)
	s.supply(2)
	s.run(f, products)
}

func TestWhatAnotherProcessRecordsBeforeTheFeedRunsIsTold(t *testing.T) {
	s := newShop(t)
	s.supply(1)
	f := feed.New(s.store)
	products := touches(f)
	s.supply(2)
	s.run(f, products)
	if len(products) > 0 {
		t.Error("told of what was there before the process")
	}
}

func TestAFeedThatCannotReadWhatItHasMissedTellsOfItLater(t *testing.T) {
	s := newShop(t)
	faults := storetest.NewFaults(s.store, storetest.FaultOptions{Seed: 1, Reads: 1})
	f := feed.New(follower{faults})
	products := touches(f)
	s.supply(1)
	if err := f.Run(t.Context()); !errors.Is(err, storetest.ErrInjected) {
		t.Fatalf("got %v, want the store's error", err)
	}
	faults.Heal()
	s.run(f, products)
}

// follower is a store that was opened when it was empty.
type follower struct{ *storetest.Faults }

func (follower) Followed() eventcore.Position { return 0 }
