// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// CreateOrder starts an order's saga, or attaches one more object of the same content to it.
type CreateOrder struct {
	Order   saga.OrderID
	Content saga.OrderCreated
}

// ReadStreams implements eventcore.Command.
func (c CreateOrder) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.Order.Stream()}
}

// Handle implements eventcore.Command. It refuses with a *NameTakenError.
func (c CreateOrder) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	switch {
	case !order.Created():
		return b.Append(c.Content, saga.OrderAggregate, c.Order.Stream())
	case order.Accepted(c.Content.UID):
		return nil
	}
	if different := Differences(order.Content, c.Content); len(different) > 0 {
		return &NameTakenError{Different: different}
	}
	return b.Append(saga.OrderAttached{UID: c.Content.UID}, saga.OrderAggregate, c.Order.Stream())
}

// NameTakenError says that an order of the same name has other content.
type NameTakenError struct {
	// Different names the fields of the Order's spec that differ.
	Different []string
}

// Error names the fields and the remedy.
func (e *NameTakenError) Error() string {
	return fmt.Sprintf("an earlier order of this name differs in %s: use a new name", strings.Join(e.Different, ", "))
}

// Advance completes the order, turns it round or cancels it, whatever is due.
type Advance struct {
	Order saga.OrderID
	// Lines tell which products to read; the decision goes by the order's own.
	Lines []saga.Line
	Now   time.Time
}

// ReadStreams implements eventcore.Command.
func (c Advance) ReadStreams() []eventcore.StreamID {
	return append(c.Order.ProductStreams(c.Lines), c.Order.Stream())
}

// Handle implements eventcore.Command.
func (c Advance) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	for _, event := range decide(order, c.Now) {
		streams := []eventcore.StreamID{saga.OrderAggregate, c.Order.Stream()}
		if completed, ok := event.(saga.OrderCompleted); ok {
			streams = append(streams, loadProducts(b, c.Order, completed.Lines)...)
		}
		if err := b.Append(event, streams...); err != nil {
			return err
		}
	}
	return nil
}

// loadProducts makes the products part of the boundary, so that the event which takes their stock may join them.
func loadProducts(b *eventcore.Boundary, order saga.OrderID, lines []saga.StockLine) []eventcore.StreamID {
	streams := make([]eventcore.StreamID, 0, len(lines))
	for _, line := range lines {
		stream := order.Product(line.Product).Stream()
		eventcore.Load[saga.Stock](b, stream)
		streams = append(streams, stream)
	}
	return streams
}

// decide returns the events that the orchestrator owes the order now. A saga that turns round with nothing to undo ends
// at once.
func decide(order saga.Order, now time.Time) []any {
	if order.Completable() {
		return []any{saga.OrderCompleted{Lines: saga.StockLines(order.Content.Lines)}}
	}
	if order.Cancellable() {
		return []any{saga.OrderCancelled{Reason: order.Reason, Message: order.Message}}
	}
	turn, due := order.Turn(now)
	if !due {
		return nil
	}
	var events []any
	if turn.Reason == saga.ReasonDeadlineExceeded {
		events = append(events, saga.DeadlineExceeded{Deadline: order.Content.Deadline})
	}
	events = append(events, turn)
	if order.NothingLeft() {
		events = append(events, saga.OrderCancelled{Reason: turn.Reason, Message: turn.Message})
	}
	return events
}
