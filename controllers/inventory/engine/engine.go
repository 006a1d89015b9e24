// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Engine is the inventory service. Its methods may be called concurrently.
type Engine struct {
	executor *eventcore.Executor
	store    string
	clock    func() time.Time
}

// New returns the service on the executor. identity is that of the executor's store; clock is time.Now if nil.
func New(executor *eventcore.Executor, identity eventcore.Identity, clock func() time.Time) *Engine {
	if clock == nil {
		clock = time.Now
	}
	return &Engine{executor: executor, store: identity.StoreID.String(), clock: clock}
}

// Step reserves or releases the order's stock, if either is due. It returns the zero time: nothing of this service is
// done at a time.
func (e *Engine) Step(ctx context.Context, id saga.OrderID) (time.Time, error) {
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream(), eventcore.Followed())
	if err != nil {
		return time.Time{}, err
	}
	order, now := view.State, e.clock()
	metadata := eventcore.WithMetadata(eventcore.Metadata{
		CorrelationID: saga.CorrelationID(e.store, order), Causation: order.Position, Actor: string(saga.InventoryService),
		TraceContext: order.TraceContext,
	})
	switch {
	case order.Forward(saga.ReserveStock, now):
		_, err = e.executor.Execute(ctx, ReserveStock{Order: id, Lines: order.Content.Lines, Now: now}, metadata)
	case order.Undo(saga.ReserveStock, now):
		_, err = e.executor.Execute(ctx, ReleaseStock{Order: id, Lines: order.Content.Lines, Now: now}, metadata)
	}
	return time.Time{}, err
}

// Concerns reports whether Step would do something for the order. It reads what is in memory, as a rule, and says yes
// when it can't tell.
func (e *Engine) Concerns(ctx context.Context, id saga.OrderID) bool {
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream(), eventcore.Followed())
	if err != nil {
		return true
	}
	now := e.clock()
	return view.State.Forward(saga.ReserveStock, now) || view.State.Undo(saga.ReserveStock, now)
}

// Stock returns the product's stock and the position up to which it is current.
func (e *Engine) Stock(ctx context.Context, id saga.ProductID) (saga.Stock, error) {
	view, err := eventcore.View[saga.Stock](ctx, e.executor, id.Stream(), eventcore.Followed())
	return view.State, err
}

// Supply records the running totals of all sources of a product, if they differ from the recorded ones. Totals that are
// behind the recorded ones change nothing: the error is a *BehindHistoryError then.
func (e *Engine) Supply(ctx context.Context, id saga.ProductID, supply []saga.SupplyTotal) error {
	_, err := e.executor.Execute(ctx, SupplyStock{Product: id, Supply: supply}, eventcore.WithMetadata(eventcore.Metadata{
		CorrelationID: e.store + "/" + id.String(), Actor: string(saga.InventoryService),
	}))
	return err
}
