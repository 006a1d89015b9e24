// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// RequestCancellation turns the order round for the reason: saga.ReasonCancelledByUser or saga.ReasonOrderDeleted. It has
// no effect on an order that has ended, that is being undone anyway, or whose goods have left. An order of which nothing
// has happened yet ends at once. Like the other verbs it is about one attempt, and has no effect once there is another one;
// attempt 0 is the one that there is.
func (e *Engine) RequestCancellation(ctx context.Context, id saga.OrderID, attempt int, reason string) error {
	return e.wish(ctx, id, attempt, func(attempt int) eventcore.Command {
		return RequestCancellation{Order: id, Attempt: attempt, Reason: reason}
	})
}

// Suspend stops the order's forward way for the reason: saga.ReasonSuspended or saga.ReasonOrderDeleted. Deadlines,
// calls under way and compensations go on. If cancelAt is not zero, the order is cancelled then, unless it is resumed
// before; asking again does not put that off. Suspending has no effect where cancelling has none.
func (e *Engine) Suspend(ctx context.Context, id saga.OrderID, attempt int, reason string, cancelAt time.Time) error {
	return e.wish(ctx, id, attempt, func(attempt int) eventcore.Command {
		return Suspend{Order: id, Attempt: attempt, Reason: reason, CancelAt: cancelAt.UTC()}
	})
}

// Resume lets a suspended order go on.
func (e *Engine) Resume(ctx context.Context, id saga.OrderID, attempt int) error {
	return e.wish(ctx, id, attempt, func(attempt int) eventcore.Command { return Resume{Order: id, Attempt: attempt} })
}

// wish executes the command about the attempt, or about the one that there is.
func (e *Engine) wish(ctx context.Context, id saga.OrderID, attempt int, command func(attempt int) eventcore.Command) error {
	order, err := e.Order(ctx, id)
	if err != nil || attempt != 0 && attempt != order.Content.Attempt {
		return err
	}
	_, err = e.executor.Execute(ctx, command(order.Content.Attempt), e.metadata(order))
	return err
}

// Resolve follows a person's decision about the order's open attention. It returns a *StaleResolutionError if the answer
// is about another one, and a *ResolutionError if the order can't follow it; nothing is recorded then.
func (e *Engine) Resolve(ctx context.Context, id saga.OrderID, resolution Resolution) error {
	order, err := e.Order(ctx, id)
	if err != nil {
		return err
	}
	_, err = e.executor.Execute(ctx, Resolve{Order: id, Resolution: resolution}, e.metadata(order))
	return err
}

// RequestCancellation is the command behind Engine.RequestCancellation.
type RequestCancellation struct {
	Order   saga.OrderID
	Attempt int
	Reason  string
}

// ReadStreams implements eventcore.Command.
func (c RequestCancellation) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.Order.Stream()}
}

// Handle implements eventcore.Command.
func (c RequestCancellation) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	if order.Content.Attempt != c.Attempt || !order.Stoppable() {
		return nil
	}
	request := saga.OrderCancellationRequested{Reason: c.Reason}
	return appendAll(b, c.Order, turned(order, saga.Cancellation(c.Reason), request)...)
}

// Suspend is the command behind Engine.Suspend.
type Suspend struct {
	Order    saga.OrderID
	Attempt  int
	Reason   string
	CancelAt time.Time
}

// ReadStreams implements eventcore.Command.
func (c Suspend) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Order.Stream()} }

// Handle implements eventcore.Command.
func (c Suspend) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	if order.Content.Attempt != c.Attempt || !order.Stoppable() || !c.changes(order.Suspended) {
		return nil
	}
	return appendAll(b, c.Order, saga.OrderSuspended{Reason: c.Reason, CancelAt: c.CancelAt})
}

// changes reports whether the suspension is another one than before: a user's word does not replace the absence of the
// order's object, and a grace is only shortened.
func (c Suspend) changes(before *saga.Suspension) bool {
	switch {
	case before == nil:
		return true
	case before.Reason != c.Reason:
		return before.Reason != saga.ReasonOrderDeleted
	}
	return !c.CancelAt.IsZero() && (before.CancelAt.IsZero() || c.CancelAt.Before(before.CancelAt))
}

// Resume is the command behind Engine.Resume.
type Resume struct {
	Order   saga.OrderID
	Attempt int
}

// ReadStreams implements eventcore.Command.
func (c Resume) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Order.Stream()} }

// Handle implements eventcore.Command.
func (c Resume) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.Order.Stream())
	if order.Content.Attempt != c.Attempt || order.Suspended == nil || !order.Stoppable() {
		return nil
	}
	return appendAll(b, c.Order, saga.OrderResumed{})
}

func appendAll(b *eventcore.Boundary, order saga.OrderID, events ...any) error {
	for _, event := range events {
		if err := b.Append(event, saga.OrderAggregate, order.Stream()); err != nil {
			return err
		}
	}
	return nil
}
