// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// ReserveStock sets aside all lines of an order, or refuses all of them when one product is short, or waits when
// one is unknown.
type ReserveStock struct {
	Order saga.OrderID
	// Lines tell which products to read; the decision goes by the order's own.
	Lines []saga.Line
	Now   time.Time
}

// ReadStreams implements eventcore.Command.
func (c ReserveStock) ReadStreams() []eventcore.StreamID {
	return append(c.Order.ProductStreams(c.Lines), c.Order.Stream())
}

// Handle implements eventcore.Command.
func (c ReserveStock) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	if !order.Forward(saga.ReserveStock, c.Now) {
		return nil
	}
	var shortages []saga.Shortage
	for _, line := range order.Content.Lines {
		stock := eventcore.Load[saga.Stock](b, c.Order.Product(line.Product).Stream())
		if !stock.Known {
			return c.wait(b, order, line.Product)
		}
		if available := stock.Available(); available < line.Quantity {
			shortages = append(shortages, saga.Shortage{Product: line.Product, Requested: line.Quantity, Available: available})
		}
	}
	if len(shortages) > 0 {
		return b.Append(saga.StockReservationFailed{Shortages: shortages}, saga.InventoryAggregate, c.Order.Stream())
	}
	return b.Append(saga.StockReserved{Lines: saga.StockLines(order.Content.Lines)}, stockStreams(c.Order, order.Content.Lines)...)
}

func (c ReserveStock) wait(b *eventcore.Boundary, order saga.Order, product string) error {
	waiting := saga.StepWaiting{Step: saga.ReserveStock, Reason: saga.ReasonWaitingForProduct, Name: product}
	if recorded := order.Step(saga.ReserveStock).Waiting; recorded != nil && *recorded == waiting {
		return nil
	}
	return b.Append(waiting, saga.InventoryAggregate, c.Order.Stream())
}

// ReleaseStock undoes ReserveStock.
type ReleaseStock struct {
	Order saga.OrderID
	Lines []saga.Line
	Now   time.Time
}

// ReadStreams implements eventcore.Command.
func (c ReleaseStock) ReadStreams() []eventcore.StreamID {
	return append(c.Order.ProductStreams(c.Lines), c.Order.Stream())
}

// Handle implements eventcore.Command.
func (c ReleaseStock) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	if !order.Undo(saga.ReserveStock, c.Now) {
		return nil
	}
	for _, stream := range c.Order.ProductStreams(order.Content.Lines) {
		eventcore.Load[saga.Stock](b, stream)
	}
	return b.Append(saga.StockReservationReleased{Lines: saga.StockLines(order.Content.Lines)}, stockStreams(c.Order, order.Content.Lines)...)
}

// stockStreams are those that an event about the stock of an order's lines joins.
func stockStreams(order saga.OrderID, lines []saga.Line) []eventcore.StreamID {
	return append(order.ProductStreams(lines), order.Stream(), saga.InventoryAggregate)
}
