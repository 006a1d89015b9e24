// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"errors"
	"testing"

	"github.com/eventcore/order-operator/controllers/inventory/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

func TestSupplyIsTotalsThatOnlyGrow(t *testing.T) {
	store := memory.New(memory.Options{})
	defer func() { _ = store.Close() }()
	executor, err := eventcore.NewExecutor(t.Context(), store, saga.NewRegistry(),
		eventcore.ExecutorOptions{AppendOnly: saga.AggregateStreams()})
	if err != nil {
		t.Fatal(err)
	}
	defer executor.Close()
	inventory := engine.New(executor, store.Identity(), nil)
	product := saga.ProductID{Namespace: "shop", Name: "laptop-001"}
	for _, test := range []struct {
		name   string
		supply []saga.SupplyTotal
		behind string // the source that the recorded history is ahead in
		level  int64
		events eventcore.Position
	}{
		{"nothing, which makes the product known", []saga.SupplyTotal{}, "", 0, 1},
		{"nothing again", nil, "", 0, 1},
		{"a delivery", []saga.SupplyTotal{{Source: "factory", Received: 10}}, "", 10, 2},
		{"the same totals", []saga.SupplyTotal{{Source: "factory", Received: 10}}, "", 10, 2},
		{
			"another source before it",
			[]saga.SupplyTotal{{Source: "returns", Received: 2}, {Source: "factory", Received: 10}}, "", 12, 3,
		},
		{
			"the same in another order",
			[]saga.SupplyTotal{{Source: "factory", Received: 10}, {Source: "returns", Received: 2}}, "", 12, 3,
		},
		{"a source dropped", []saga.SupplyTotal{{Source: "factory", Received: 10}}, "returns", 12, 3},
		{
			"less received", []saga.SupplyTotal{{Source: "factory", Received: 9}, {Source: "returns", Received: 2}},
			"factory", 12, 3,
		},
		{
			"a removal", []saga.SupplyTotal{{Source: "factory", Received: 10, Removed: 4}, {Source: "returns", Received: 2}},
			"", 8, 4,
		},
		{
			"less removed", []saga.SupplyTotal{{Source: "factory", Received: 10, Removed: 3}, {Source: "returns", Received: 2}},
			"factory", 8, 4,
		},
	} {
		err := inventory.Supply(t.Context(), product, test.supply)
		var behind *engine.BehindHistoryError
		if errors.As(err, &behind) != (test.behind != "") || behind != nil && behind.Recorded.Source != test.behind {
			t.Errorf("%s: %v", test.name, err)
		}
		stock, err := inventory.Stock(t.Context(), product)
		if err != nil || !stock.Known || stock.Level != test.level || stock.Position != test.events {
			t.Errorf("%s: %+v (%v), want level %d at %d", test.name, stock, err, test.level, test.events)
		}
	}
}
