// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Options configure an Engine. The zero value is a sensible default, except for Report.
type Options struct {
	// Clock tells the time; time.Now if nil.
	Clock func() time.Time
	// Timeout is how long a provider may take to answer; 10 s if 0.
	Timeout time.Duration
	// Concurrency is how many calls may be under way at once; 64 if 0.
	Concurrency int
	// Jitter returns a number in [0, 1), which spreads retries; random if nil.
	Jitter func() float64
	// Report is told of errors of the store and of programs, after which nothing else would wake the order: it should
	// look at the order again after a while. It is called from the pool's goroutines. Required.
	Report func(id saga.OrderID, err error)
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Concurrency == 0 {
		o.Concurrency = 64
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	return o
}

// Engine carries out the calls of one service.
type Engine struct {
	service    saga.Service
	executor   *eventcore.Executor
	store      string
	operations []Operation
	options    Options
	pool       *pool
}

// NewEngine returns the engine of the service's operations. identity is that of the executor's store: it makes
// idempotency keys unique between stores.
func NewEngine(service saga.Service, executor *eventcore.Executor, identity eventcore.Identity, operations []Operation, options Options) *Engine {
	e := &Engine{
		service: service, executor: executor, store: identity.StoreID.String(),
		operations: operations, options: options.withDefaults(),
	}
	e.pool = newPool(e.options.Concurrency, e.work)
	return e
}

// Step starts what is due for the order in the pool, and returns when to step again if nothing wakes the order before;
// the zero time means never.
func (e *Engine) Step(ctx context.Context, id saga.OrderID) (time.Time, error) {
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream())
	if err != nil {
		return time.Time{}, err
	}
	now := e.now()
	for i := range e.operations {
		if e.due(&e.operations[i], view.State, now) != nothing {
			e.pool.submit(id)
			break
		}
	}
	return view.State.Next(e.service, now), nil
}

// Close lets the calls under way end, for at most their time-out, and starts no more.
func (e *Engine) Close() { e.pool.close() }

type move int

const (
	nothing move = iota
	doCall
	closeCall
)

func (e *Engine) due(o *Operation, order saga.Order, now time.Time) move {
	switch {
	case order.Close(o.Step, o.Undo, now):
		return closeCall
	case o.due(order, now):
		return doCall
	}
	return nothing
}

// now is the time as events hold it.
func (e *Engine) now() time.Time { return e.in(0) }

// in is the time after the span. It is as coarse as now: what is put off until then is due when a timer of the span
// ends.
func (e *Engine) in(span time.Duration) time.Time {
	return e.options.Clock().UTC().Add(span).Truncate(time.Microsecond)
}

// work makes one move for the order and reports whether there may be another. It runs in the pool, once at a time for
// an order.
func (e *Engine) work(ctx context.Context, id saga.OrderID) (again bool) {
	again, err := e.advance(ctx, id)
	if err != nil {
		e.options.Report(id, err)
		return false
	}
	return again
}

func (e *Engine) advance(ctx context.Context, id saga.OrderID) (again bool, err error) {
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream())
	if err != nil {
		return false, err
	}
	now := e.now()
	for i := range e.operations {
		o := &e.operations[i]
		switch e.due(o, view.State, now) {
		case closeCall:
			return e.closeCall(ctx, o, view.State)
		case doCall:
			return e.call(ctx, o, view.State)
		case nothing:
		}
	}
	return false, nil
}

// call records the intent and, if that was this process's doing, calls the provider and records the outcome.
func (e *Engine) call(ctx context.Context, o *Operation, order saga.Order) (again bool, err error) {
	if present, err := e.awaitMissing(ctx, o, order, false); !present || err != nil {
		return false, err
	}
	command := request{
		order: order.ID, operation: o, store: e.store,
		attempt: order.Content.Attempt, generation: o.status(order).Generation,
	}
	if postponed, err := e.prepare(ctx, o, order, &command); postponed || err != nil {
		return true, err
	}
	command.now, command.deadline = e.now(), e.in(e.options.Timeout)
	receipt, err := e.execute(ctx, order, command)
	if err != nil || len(receipt.Events) == 0 || command.refused != nil {
		return err == nil && len(receipt.Events) > 0, err
	}
	call, ok := saga.CallOf(receipt.Events[0].Payload)
	if !ok {
		return false, fmt.Errorf("%s of order %s: %T announces no call", o.name(), order.ID, receipt.Events[0].Payload)
	}
	prepared := order
	prepared.Steps = withPrepared(order.Steps, o.Step, command.prepared)
	success, err := e.do(ctx, o, prepared, call)
	return true, e.record(ctx, o, order, e.outcome(o, order, call, success, err))
}

// do calls the provider until the call's deadline. After it others may close the call: who has not called by then may
// not call any more.
func (e *Engine) do(ctx context.Context, o *Operation, order saga.Order, call saga.Call) (any, error) {
	left := call.Deadline.Sub(e.options.Clock())
	if left <= 0 {
		return nil, fmt.Errorf("%w: its deadline passed before it was called", ErrUnavailable)
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return o.Do(ctx, order, call)
}

// awaitMissing reports whether everything that the call needs is there, and records what is not. That event wakes the
// order once more, and so does the object's arrival after it.
func (e *Engine) awaitMissing(ctx context.Context, o *Operation, order saga.Order, closing bool) (present bool, err error) {
	missing, err := o.Missing(ctx, order, closing)
	if err != nil || missing == nil {
		return err == nil, err
	}
	_, err = e.execute(ctx, order, wait{
		order: order.ID, operation: o, closing: closing, waiting: *missing, now: e.now(),
	})
	return false, err
}

// closeCall finds out what became of a call whose outcome nobody recorded.
func (e *Engine) closeCall(ctx context.Context, o *Operation, order saga.Order) (again bool, err error) {
	if present, err := e.awaitMissing(ctx, o, order, true); !present || err != nil {
		return false, err
	}
	found := e.lookUp(ctx, o, order, o.status(order))
	found.closing = true
	return true, e.record(ctx, o, order, found)
}

// lookUp asks the provider for the call, and fences it if the provider has not seen it. A fence that fails says
// nothing: the call may have arrived just before.
func (e *Engine) lookUp(ctx context.Context, o *Operation, order saga.Order, status saga.CallStatus) record {
	ctx, cancel := context.WithTimeout(ctx, e.options.Timeout)
	defer cancel()
	call := status.Last
	success, err := o.Find(ctx, order, call)
	refusal, refused := asRefusal(err)
	switch {
	case refused:
		return record{call: call, outcome: o.Refused(order, call, refusal)}
	case err == nil && success != nil:
		return record{call: call, outcome: success, success: true}
	case err == nil || isFenced(err):
		err = o.Fence(ctx, order, call)
	}
	if err != nil {
		return e.stillUnknown(o, status, err)
	}
	return record{call: call, outcome: e.retry(o, call, messageFenced, true, e.backoff(status.Failures+1))}
}

func (e *Engine) record(ctx context.Context, o *Operation, order saga.Order, command record) error {
	command.order, command.operation, command.attempt = order.ID, o, order.Content.Attempt
	if _, err := e.execute(ctx, order, command); err != nil {
		return fmt.Errorf("record the outcome of %s of order %s: %w", o.name(), order.ID, err)
	}
	return nil
}

func (e *Engine) execute(ctx context.Context, order saga.Order, command eventcore.Command) (eventcore.Receipt, error) {
	return e.executor.Execute(ctx, command, eventcore.WithMetadata(eventcore.Metadata{
		CorrelationID: saga.CorrelationID(e.store, order), Causation: order.Position, Actor: string(e.service),
	}))
}
