// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Engine is the order service. Its methods may be called concurrently.
type Engine struct {
	executor *eventcore.Executor
	store    string
	clock    func() time.Time
	// doubted is when a part of the history was lost, zero for never.
	doubted time.Time
}

// New returns the service on the executor. identity is that of the executor's store; clock is time.Now if nil.
func New(executor *eventcore.Executor, identity eventcore.Identity, clock func() time.Time) *Engine {
	if clock == nil {
		clock = time.Now
	}
	return &Engine{executor: executor, store: identity.StoreID.String(), clock: clock}
}

// DoubtSince tells, before anything else is called, when a part of the history was lost: the calls that it may have held are
// looked up first.
func (e *Engine) DoubtSince(at time.Time) { e.doubted = at }

// clockSkew is how far the API server's clock may be behind the operator's.
const clockSkew = time.Minute

// Lost reports whether an order of the object may have been known to the part of the history that was lost: the object is
// older.
func (e *Engine) Lost(created time.Time) bool {
	return !e.doubted.IsZero() && created.Before(e.doubted.Add(clockSkew))
}

// Doubt has the calls looked up that a lost part of the history may have held, before anything else is done for the order. It
// reports whether there are any.
func (e *Engine) Doubt(ctx context.Context, id saga.OrderID) (bool, error) {
	if e.doubted.IsZero() {
		return false, nil
	}
	order, err := e.Order(ctx, id)
	if err != nil || len(order.Doubted(e.store, e.doubted, e.clock())) == 0 {
		return false, err
	}
	_, err = e.executor.Execute(ctx, DoubtCalls{Order: id, Store: e.store, Since: e.doubted, Now: e.clock()}, e.metadata(order))
	return err == nil, err
}

// Accept creates the order, or attaches the object of content.UID to the order of that name if its content is the same;
// a higher attempt than the order's last one starts it anew with whatever content. An order that was suspended because its
// object was gone goes on. A deadline, an attempt and a flow's version that are not given are filled in. It
// returns a *NameTakenError if the name belongs to an order with other content, an *AttemptError if the last attempt was
// completed or is not undone wholly, and ErrInvalidContent for content that no saga can carry out; nothing is recorded
// then.
func (e *Engine) Accept(ctx context.Context, id saga.OrderID, content saga.OrderCreated) error {
	return e.accept(ctx, CreateOrder{Order: id, Content: content})
}

// AcceptSuspended is Accept for an order that its user wants suspended: none of its steps is taken before Resume.
func (e *Engine) AcceptSuspended(ctx context.Context, id saga.OrderID, content saga.OrderCreated) error {
	return e.accept(ctx, CreateOrder{Order: id, Content: content, Suspended: true})
}

// AcceptLost is Accept, or AcceptSuspended, for an order whose object is older than the loss of a part of the history: see Lost.
// If the order is not there, its payment and its shipment may have been, and are looked up first.
func (e *Engine) AcceptLost(ctx context.Context, id saga.OrderID, content saga.OrderCreated, suspended bool) error {
	return e.accept(ctx, CreateOrder{Order: id, Content: content, Suspended: suspended, LostIn: e.store, Now: e.clock()})
}

func (e *Engine) accept(ctx context.Context, command CreateOrder) error {
	content := &command.Content
	if err := validate(*content); err != nil {
		return err
	}
	flow, known := saga.FlowOf(cmp.Or(content.FlowVersion, saga.CurrentFlow().Version))
	if !known {
		return fmt.Errorf("%w: its flow version %d is none that this program knows: deploy one that does, or leave it out",
			ErrInvalidContent, content.FlowVersion)
	}
	content.FlowVersion = flow.Version
	content.Attempt = max(content.Attempt, 1)
	if content.Deadline.IsZero() {
		content.Deadline = e.clock().Add(flow.Deadline).Truncate(time.Second)
	}
	content.Deadline = content.Deadline.UTC()
	for {
		err := e.create(ctx, command)
		if !errors.Is(err, errUnseen) {
			return err
		}
	}
}

// create executes the command as one about the attempt that there is, whoever began it: what is attached belongs to that.
func (e *Engine) create(ctx context.Context, command CreateOrder) error {
	order, err := e.Latest(ctx, command.Order)
	if err != nil {
		return err
	}
	command.Seen = order.Content.Attempt
	if attempt := command.Content.Attempt; attempt > order.Content.Attempt {
		order.Content.Attempt, order.TraceContext = attempt, "" // each attempt has a trace of its own
	}
	order.ID = command.Order
	_, err = e.executor.Execute(ctx, command, e.metadata(order))
	return err
}

// Step completes the order, turns it round or cancels it, if that is due. It returns when to step again if no event
// wakes the order before, the zero time for never.
func (e *Engine) Step(ctx context.Context, id saga.OrderID) (time.Time, error) {
	if _, err := e.Doubt(ctx, id); err != nil {
		return time.Time{}, err
	}
	order, err := e.Order(ctx, id)
	if err != nil {
		return time.Time{}, err
	}
	now := e.clock()
	if e.Due(order) {
		if _, err := e.executor.Execute(ctx, Advance{Order: id, Lines: order.Content.Lines, Now: now}, e.metadata(order)); err != nil {
			return time.Time{}, err
		}
	}
	return order.Next(saga.OrderService, now), nil
}

// Due reports whether Step has something to do for the order.
func (e *Engine) Due(order saga.Order) bool { return len(decide(order, e.clock())) > 0 }

// Order returns the order as recorded, the zero Order if there is none.
func (e *Engine) Order(ctx context.Context, id saga.OrderID) (saga.Order, error) {
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream(), eventcore.Followed())
	return view.State, err
}

// Latest is Order with all that any process has recorded up to now: it asks the store.
func (e *Engine) Latest(ctx context.Context, id saga.OrderID) (saga.Order, error) {
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream())
	return view.State, err
}

func (e *Engine) metadata(order saga.Order) eventcore.ExecuteOption {
	return eventcore.WithMetadata(eventcore.Metadata{
		CorrelationID: saga.CorrelationID(e.store, order), Causation: order.Position, Actor: string(saga.OrderService),
		TraceContext: order.TraceContext,
	})
}
