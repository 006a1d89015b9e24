// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"slices"
	"testing"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

func TestStockIsCountedOnceAndMovesWithTheOrder(t *testing.T) {
	product := saga.ProductID{Namespace: "shop", Name: "mouse-001"}
	supplied := saga.StockSupplied{Supply: []saga.SupplyTotal{
		{Source: "factory", Received: 40}, {Source: "returns", Received: 15, Removed: 5},
	}}
	var stock saga.Stock
	for i, test := range []struct {
		payload                      any
		available, reserved, shipped int64
	}{
		{supplied, 50, 0, 0},
		{reserved, 48, 2, 0},
		{released, 50, 0, 0},
		{reserved, 48, 2, 0},
		{completed, 48, 0, 2},
		{saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 41}}}, 39, 0, 2},
		{saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 41, Removed: 41}}}, 0, 0, 2},
		{paid, 0, 0, 2},
	} {
		stock = stock.Apply(product.Stream(), event(i+1, test.payload))
		if stock.Available() != test.available || stock.Reserved != test.reserved || stock.Shipped != test.shipped {
			t.Errorf("after event %d: %+v, want %+v", i+1, stock, test)
		}
	}
	if !stock.Known || stock.Position != 8 {
		t.Errorf("known %v at %d", stock.Known, stock.Position)
	}
}

func TestAnEmptySupplyMakesAProductKnown(t *testing.T) {
	stream := saga.ProductID{Namespace: "shop", Name: "new"}.Stream()
	stock := (saga.Stock{}).Apply(stream, event(1, saga.StockSupplied{Supply: []saga.SupplyTotal{}}))
	if !stock.Known || stock.Available() != 0 {
		t.Errorf("%+v", stock)
	}
}

func TestStreamsTellOrdersFromProductsFromAggregates(t *testing.T) {
	for stream, want := range map[eventcore.StreamID]string{
		"order-shop/order-001":              "order shop/order-001",
		"order-aggregate":                   "",
		"order-aggregate/x":                 "order aggregate/x",
		"order-/x":                          "",
		"order-shop/":                       "",
		"inventory-product-shop/laptop-001": "product shop/laptop-001",
		"inventory-aggregate":               "",
		"payment-aggregate":                 "",
		"":                                  "",
	} {
		got := ""
		if id, ok := saga.ParseOrderStream(stream); ok {
			got += "order " + id.String()
		}
		if id, ok := saga.ParseProductStream(stream); ok {
			got += "product " + id.String()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", stream, got, want)
		}
	}
}

func TestTheStreamsOfAnEventTellItsOrderAndItsProducts(t *testing.T) {
	e := event(1, reserved)
	for _, stream := range append(orderID.ProductStreams(created.Lines), orderID.Stream(), saga.InventoryAggregate) {
		e.Streams = append(e.Streams, eventcore.Membership{Stream: stream})
	}
	if id, ok := saga.OrderOf(e); !ok || id != orderID {
		t.Errorf("order %v", id)
	}
	if want := []saga.ProductID{orderID.Product("laptop-001"), orderID.Product("mouse-001")}; !slices.Equal(saga.ProductsOf(e), want) {
		t.Errorf("products %v", saga.ProductsOf(e))
	}
}
