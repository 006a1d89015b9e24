// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// SupplyStock records the running totals of a product's sources.
type SupplyStock struct {
	Product saga.ProductID
	// Supply holds each source once, in any order.
	Supply []saga.SupplyTotal
}

// ReadStreams implements eventcore.Command.
func (c SupplyStock) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.Product.Stream()}
}

// Handle implements eventcore.Command. It refuses with a *BehindHistoryError.
func (c SupplyStock) Handle(b *eventcore.Boundary) error {
	stock := eventcore.Load[saga.Stock](b, c.Product.Stream())
	supply := slices.SortedFunc(slices.Values(c.Supply), func(a, b saga.SupplyTotal) int { return cmp.Compare(a.Source, b.Source) })
	if stock.Known && slices.Equal(stock.Supply, supply) {
		return nil
	}
	for _, recorded := range stock.Supply {
		i := slices.IndexFunc(supply, func(total saga.SupplyTotal) bool { return total.Source == recorded.Source })
		if i < 0 || supply[i].Received < recorded.Received || supply[i].Removed < recorded.Removed {
			return &BehindHistoryError{Recorded: recorded}
		}
	}
	return b.Append(saga.StockSupplied{Supply: supply}, c.Product.Stream(), saga.InventoryAggregate)
}

// BehindHistoryError says that a product's totals are below the recorded ones, as when it was deleted and created
// again.
type BehindHistoryError struct {
	// Recorded is a source whose totals are ahead.
	Recorded saga.SupplyTotal
}

// Error names the source, what is recorded and what to do.
func (e *BehindHistoryError) Error() string {
	return fmt.Sprintf("source %s has recorded totals of %d received and %d removed: set spec.supply to at least these",
		e.Recorded.Source, e.Recorded.Received, e.Recorded.Removed)
}
