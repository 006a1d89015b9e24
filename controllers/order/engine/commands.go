// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"slices"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// CreateOrder starts an order's saga, starts another attempt of it, or attaches one more object of the same content to
// the latest attempt.
type CreateOrder struct {
	Order   saga.OrderID
	Content saga.OrderCreated
	// Suspended has the order wait for Resume from the start, or from where it was suspended because its object was gone.
	Suspended bool
	// LostIn is the id of the store whose history may have lost the order, empty for an order that it can't have known. Now is
	// the time.
	LostIn string
	Now    time.Time
	// Seen is the attempt that the command's metadata is about, 0 for an order that was not there.
	Seen int
}

// errUnseen says that there is another attempt than the one that the command's metadata is about.
var errUnseen = errors.New("another process has begun an attempt of the order meanwhile")

// ReadStreams implements eventcore.Command.
func (c CreateOrder) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.Order.Stream()}
}

// Handle implements eventcore.Command. It refuses with a *NameTakenError or an *AttemptError, and with errUnseen.
func (c CreateOrder) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	if order.Content.Attempt != c.Seen {
		return errUnseen
	}
	if err := Refusal(order, c.Content); err != nil {
		return err
	}
	if !order.Created() || c.Content.Attempt > order.Content.Attempt {
		return c.begin(b)
	}
	return c.attach(b, order)
}

// Refusal returns why an object of the content is not carried out under the name of the order, as it is recorded: a
// *NameTakenError or an *AttemptError, nil if it is.
func Refusal(order saga.Order, content saga.OrderCreated) error {
	switch {
	case !order.Created():
		return nil
	case content.Attempt > order.Content.Attempt:
		return mayTryAgain(order, content.Attempt)
	case order.Accepted(content.UID):
		return nil
	}
	if different := Differences(order.Content, content); len(different) > 0 {
		return nameTaken(order, different)
	}
	return nil
}

// attach joins the object to the order. An order that was suspended because its object was gone goes on.
func (c CreateOrder) attach(b *eventcore.Boundary, order saga.Order) error {
	if !order.Accepted(c.Content.UID) {
		if err := appendAll(b, c.Order, saga.OrderAttached{UID: c.Content.UID}); err != nil {
			return err
		}
	}
	if s := order.Suspended; s == nil || s.Reason != saga.ReasonOrderDeleted || !order.Stoppable() {
		return nil
	}
	if c.Suspended {
		return appendAll(b, c.Order, saga.OrderSuspended{Reason: saga.ReasonSuspended})
	}
	return appendAll(b, c.Order, saga.OrderResumed{})
}

func (c CreateOrder) begin(b *eventcore.Boundary) error {
	events := []any{c.Content}
	if c.Suspended {
		events = append(events, saga.OrderSuspended{Reason: saga.ReasonSuspended})
	}
	if err := appendAll(b, c.Order, events...); err != nil || c.LostIn == "" {
		return err
	}
	order := saga.Order{ID: c.Order, Content: c.Content}
	return appendDoubts(b, order, order.DoubtedFromStart(c.LostIn, c.Now))
}

// DoubtCalls is the command behind Engine.Doubt.
type DoubtCalls struct {
	Order saga.OrderID
	// Store is the id of the store.
	Store      string
	Since, Now time.Time
}

// ReadStreams implements eventcore.Command.
func (c DoubtCalls) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Order.Stream()} }

// Handle implements eventcore.Command.
func (c DoubtCalls) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	return appendDoubts(b, order, order.Doubted(c.Store, c.Since, c.Now))
}

// appendDoubts appends each to the events of the service that will look the call up.
func appendDoubts(b *eventcore.Boundary, order saga.Order, calls []saga.CallDoubted) error {
	flow := order.Flow()
	if flow == nil {
		return nil
	}
	for _, call := range calls {
		owner := flow.Step(call.Step).Owner
		if err := b.Append(call, owner.Aggregate(), order.ID.Stream()); err != nil {
			return err
		}
	}
	return nil
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
	if attention, due := order.Unpaid(); due {
		return []any{attention}
	}
	turn, due := order.Turn(now)
	if !due {
		return nil
	}
	switch {
	case turn.Reason == saga.ReasonDeadlineExceeded && !order.DeadlineExceeded:
		return turned(order, turn, saga.DeadlineExceeded{Deadline: order.Content.Deadline})
	case turn.Reason == saga.ReasonOrderDeleted && order.CancellationRequested == "":
		return turned(order, turn, saga.OrderCancellationRequested{Reason: turn.Reason})
	}
	return turned(order, turn)
}

// turned returns the events of an order that turns round because of the causes.
func turned(order saga.Order, turn saga.CompensationStarted, causes ...any) []any {
	events := slices.Concat(causes, []any{turn})
	if order.NothingLeft() {
		events = append(events, saga.OrderCancelled{Reason: turn.Reason, Message: turn.Message})
	}
	return events
}
