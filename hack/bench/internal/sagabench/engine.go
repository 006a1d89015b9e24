// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// Engine is our four services on a store, driven by controllers/runner.
type Engine struct {
	runner *runner.Runner
	store  *countedStore
	number atomic.Int64
	// waiting holds who waits for the end of an order.
	waiting sync.Map
	stop    context.CancelCauseFunc
	running sync.WaitGroup
	// ended is done when the engine is: its cause is what stopped it.
	ended context.Context //nolint:containedctx // of the engine, not of a call
}

// errClosed ends an engine in order.
var errClosed = errors.New("the engine is closed")

// StartEngine starts the services on an empty store, which stays the caller's to close, and stocks the shop. Orders are
// numbered from first.
func StartEngine(ctx context.Context, store eventcore.Store, first int) (*Engine, error) {
	counted, err := count(store)
	if err != nil {
		return nil, err
	}
	head, err := store.Head(ctx)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	e := &Engine{store: counted, stop: stop, ended: ctx}
	e.number.Store(int64(first))
	options := Providers()
	options.Report = func(id saga.OrderID, err error) { stop(fmt.Errorf("order %s: %w", id, err)) }
	if e.runner, err = runner.New(ctx, counted, runner.Options{ServicesOptions: options}); err != nil {
		return nil, err
	}
	e.running.Go(func() { stop(e.runner.Run(ctx)) })
	e.running.Go(func() { stop(e.follow(ctx, head)) })
	if err := e.supply(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) supply(ctx context.Context) error {
	for number := range shop.Products {
		totals := []saga.SupplyTotal{{Source: shop.Source, Received: shop.Supply}}
		if err := e.runner.Inventory.Supply(ctx, shop.Product(number), totals); err != nil {
			return err
		}
	}
	return nil
}

// follow tells those who wait how their orders have ended, from the head on.
func (e *Engine) follow(ctx context.Context, head eventcore.Position) error {
	ends := eventcore.Filter{Types: []string{"OrderCompleted", "OrderCancelled", "AttentionRequired"}}
	for batch, err := range e.store.Subscribe(ctx, head, ends) {
		if err != nil {
			return err
		}
		for i := range batch.Events {
			id, _ := saga.OrderOf(&batch.Events[i])
			if waiting, ok := e.waiting.LoadAndDelete(id); ok {
				waiting.(chan string) <- batch.Events[i].Type //nolint:forcetypeassert // only such are stored
			}
		}
	}
	return nil
}

// CarryOut carries out an order, and returns when it has ended as it should.
func (e *Engine) CarryOut(ctx context.Context, compensated bool) error {
	id, content := shop.Order(int(e.number.Add(1)), compensated)
	ended := make(chan string, 1)
	e.waiting.Store(id, ended)
	if err := e.runner.Order.Accept(ctx, id, content); err != nil {
		return err
	}
	want := "OrderCompleted"
	if compensated {
		want = "OrderCancelled"
	}
	select {
	case got := <-ended:
		if got != want {
			return fmt.Errorf("order %s: %s, not %s", id, got, want)
		}
		return nil
	case <-e.ended.Done():
		return fmt.Errorf("order %s: %w", id, context.Cause(e.ended))
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(patience):
		return fmt.Errorf("order %s has not ended after %s", id, patience)
	}
}

// patience is longer than an order ever takes.
const patience = 30 * time.Second

// Fill carries out so many orders, happy ones.
func (e *Engine) Fill(ctx context.Context, count int) error {
	left := atomic.Int64{}
	left.Store(int64(count))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group sync.WaitGroup
	for range many {
		group.Go(func() {
			for ctx.Err() == nil && left.Add(-1) >= 0 {
				if err := e.CarryOut(ctx, false); err != nil {
					stop(err)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// Last returns the order that was begun last.
func (e *Engine) Last(ctx context.Context) (saga.Order, error) {
	id, _ := shop.Order(int(e.number.Load()), false)
	return e.runner.Order.Order(ctx, id)
}

// Commits is how many there were.
func (e *Engine) Commits() int64 { return e.store.commits.Load() }

// Close stops the services.
func (e *Engine) Close() error {
	e.stop(errClosed)
	e.running.Wait()
	if err := context.Cause(e.ended); !errors.Is(err, errClosed) {
		return err
	}
	return nil
}
