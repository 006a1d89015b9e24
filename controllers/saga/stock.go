// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"slices"
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// Stock is the fold of a product's stream: counters, whatever the number of orders. The zero value is a product that
// nobody has supplied yet.
type Stock struct {
	// Known is false until the product was supplied for the first time, be it with nothing.
	Known bool
	// Supply holds the recorded totals of each source. Nobody may change it.
	Supply []SupplyTotal
	// SuppliedAt is when the totals were recorded last.
	SuppliedAt time.Time
	// Level is what all sources have received less what they have removed.
	Level int64
	// Reserved is set aside for open orders, Shipped has left with completed ones.
	Reserved int64
	Shipped  int64
	// Position is that of the last event.
	Position eventcore.Position
}

// Available is what can still be reserved. It is never negative, even if more was removed than was there.
func (s Stock) Available() int64 { return max(0, s.Level-s.Reserved-s.Shipped) }

// Oversubscribed is how many units more are reserved or shipped than are there, because more was removed than was left.
func (s Stock) Oversubscribed() int64 { return max(0, s.Reserved+s.Shipped-s.Level) }

// Apply implements eventcore.State for a product's stream.
func (s Stock) Apply(stream eventcore.StreamID, event *eventcore.Event) Stock {
	product, ok := ParseProductStream(stream)
	if !ok {
		return s
	}
	s.Position = event.Position
	switch payload := event.Payload.(type) {
	case StockSupplied:
		s.Known = true
		s.Supply = payload.Supply
		s.SuppliedAt = event.RecordedAt
		s.Level = 0
		for _, total := range payload.Supply {
			s.Level += total.Received - total.Removed
		}
	case StockReserved:
		s.Reserved += quantityOf(payload.Lines, product.Name)
	case StockReservationReleased:
		s.Reserved -= quantityOf(payload.Lines, product.Name)
	case OrderCompleted:
		quantity := quantityOf(payload.Lines, product.Name)
		s.Reserved -= quantity
		s.Shipped += quantity
	}
	return s
}

func quantityOf(lines []StockLine, product string) int64 {
	i := slices.IndexFunc(lines, func(line StockLine) bool { return line.Product == product })
	if i < 0 {
		return 0
	}
	return lines[i].Quantity
}

// StockLines drops the prices of the lines.
func StockLines(lines []Line) []StockLine {
	stock := make([]StockLine, 0, len(lines))
	for _, line := range lines {
		stock = append(stock, StockLine{Product: line.Product, Quantity: line.Quantity})
	}
	return stock
}
