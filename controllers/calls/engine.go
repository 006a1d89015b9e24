// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Options configure an Engine. The zero value is a sensible default, except for Report.
type Options struct {
	// Clock tells the time; time.Now if nil.
	Clock func() time.Time
	// Timeout is how long a provider may take to answer whose settings don't say so; 10 s if 0.
	Timeout time.Duration
	// Settings returns how the provider of the name is to be called. The defaults apply to all if it is nil, and to one
	// whose name it does not know.
	Settings func(provider string) guard.Settings
	// Concurrency is how many orders may be worked on at once, apart from their calls under way: those are limited by
	// provider. It is 64 if 0.
	Concurrency int
	// DoubtedSince is when a part of the history was lost, zero for never: see saga.Order.InDoubt.
	DoubtedSince time.Time
	// Jitter returns a number in [0, 1), which spreads retries; random if nil.
	Jitter func() float64
	// Report is told of errors of the store and of programs, after which nothing else would wake the order: it should
	// look at the order again after a while. It is called from the pool's goroutines. Required.
	Report func(id saga.OrderID, err error)
	// Asking is called before each request to a provider, which gets the context that it returns; done is called with
	// the request's error, which may quote the provider: it belongs neither into logs nor into traces. nil is nobody.
	Asking func(ctx context.Context, ask Ask) (asking context.Context, done func(error))
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Settings == nil {
		o.Settings = func(string) guard.Settings { return guard.Settings{} }
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
	guards     *guard.Guards
}

// NewEngine returns the engine of the service's operations. identity is that of the executor's store: it makes
// idempotency keys unique between stores.
func NewEngine(service saga.Service, executor *eventcore.Executor, identity eventcore.Identity, operations []Operation, options Options) *Engine {
	e := &Engine{
		service: service, executor: executor, store: identity.StoreID.String(),
		operations: operations, options: options.withDefaults(),
	}
	e.pool = newPool(e.options.Concurrency, e.work)
	e.guards = guard.New(guard.Options{Clock: e.options.Clock, Wake: e.pool.submit})
	return e
}

// Guards are those of the providers that the engine calls.
func (e *Engine) Guards() *guard.Guards { return e.guards }

// Step starts what is due for the order in the pool, and returns when to step again if nothing wakes the order before;
// the zero time means never.
func (e *Engine) Step(ctx context.Context, id saga.OrderID) (time.Time, error) {
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream(), eventcore.Followed())
	if err != nil {
		return time.Time{}, err
	}
	now := e.now()
	// Who waits for a turn and has nothing to call any more gives it up: in the pool, which knows what was seen last.
	if o, _ := e.firstDue(view.State, now); o != nil || e.guards.Waits(id) {
		e.pool.submit(id)
	}
	return view.State.Next(e.service, now), nil
}

// Concerns reports whether Step would start something for the order, or return a time. It reads what is in memory, as a
// rule, and says yes when it can't tell.
func (e *Engine) Concerns(ctx context.Context, id saga.OrderID) bool {
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream(), eventcore.Followed())
	if err != nil {
		return true
	}
	now := e.now()
	o, _ := e.firstDue(view.State, now)
	return o != nil || e.guards.Waits(id) || !view.State.Next(e.service, now).IsZero()
}

// Close lets the calls under way end, for at most their time-out, and starts no more.
func (e *Engine) Close() {
	e.guards.Close()
	e.pool.close()
}

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
	case o.due(order, now) && !e.inDoubt(o, order):
		return doCall
	}
	return nothing
}

// firstDue returns the operation that is to be carried out or closed now, nil if there is none.
func (e *Engine) firstDue(order saga.Order, now time.Time) (*Operation, move) {
	for i := range e.operations {
		if move := e.due(&e.operations[i], order, now); move != nothing {
			return &e.operations[i], move
		}
	}
	return nil, nothing
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
	view, err := eventcore.View[saga.Order](ctx, e.executor, id.Stream(), eventcore.Followed())
	if err != nil {
		e.guards.Leave(id)
		return false, err
	}
	o, move := e.firstDue(view.State, e.now())
	if o == nil {
		e.guards.Leave(id)
		return false, nil
	}
	if present, err := e.awaitMissing(ctx, o, view.State, move); !present || err != nil {
		e.guards.Leave(id)
		return false, err
	}
	turn, err := e.awaitTurn(ctx, o, view.State, move)
	if turn == nil || err != nil {
		return false, err
	}
	defer turn.Done(guard.NotAsked)
	if move == closeCall {
		return e.closeCall(ctx, o, view.State, turn)
	}
	return e.call(ctx, o, view.State, turn)
}

// call records the intent and, if that was this process's doing, calls the provider and records the outcome.
func (e *Engine) call(ctx context.Context, o *Operation, order saga.Order, turn *turn) (again bool, err error) {
	command := request{
		order: order.ID, operation: o, store: e.store,
		attempt: order.Content.Attempt, generation: o.status(order).Generation,
	}
	if postponed, err := e.prepare(ctx, o, order, turn, &command); postponed || err != nil {
		return true, err
	}
	command.now, command.deadline = e.now(), e.in(turn.settings.Timeout)
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
	var success any
	e.pool.outside(func() { success, err = e.do(ctx, o, prepared, call) })
	turn.Done(resultOf(err))
	return true, e.record(ctx, o, order, e.outcome(o, order, turn.settings, call, success, err))
}

// do calls the provider until the call's deadline. After it others may close the call: who has not called by then may
// not call any more.
func (e *Engine) do(ctx context.Context, o *Operation, order saga.Order, call saga.Call) (success any, err error) {
	left := call.Deadline.Sub(e.options.Clock())
	if left <= 0 {
		return nil, fmt.Errorf("%w: %w: its deadline passed before it was called", ErrUnavailable, ErrNotAsked)
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	err = e.ask(ctx, Do, o, order, call, func(ctx context.Context) (err error) {
		success, err = o.Do(ctx, order, call)
		return err
	})
	return success, err
}

// awaitMissing reports whether everything that the call needs is there, and records what is not. That event wakes the
// order once more, and so does the object's arrival after it.
func (e *Engine) awaitMissing(ctx context.Context, o *Operation, order saga.Order, move move) (present bool, err error) {
	missing, err := o.Missing(ctx, order, move == closeCall)
	if err != nil || missing == nil {
		return err == nil, err
	}
	return false, e.wait(ctx, o, order, move, *missing)
}

// closeCall finds out what became of a call whose outcome nobody recorded.
func (e *Engine) closeCall(ctx context.Context, o *Operation, order saga.Order, turn *turn) (again bool, err error) {
	var found record
	e.pool.outside(func() {
		found, err = e.lookUp(ctx, o, order, turn)
	})
	turn.Done(resultOf(err))
	found.closing = true
	return true, e.record(ctx, o, order, found)
}

// lookUp asks the provider for the call, and fences it if the provider has not seen it. A fence that fails says
// nothing: the call may have arrived just before. The error is the provider's.
func (e *Engine) lookUp(ctx context.Context, o *Operation, order saga.Order, turn *turn) (record, error) {
	ctx, cancel := context.WithTimeout(ctx, turn.settings.Timeout)
	defer cancel()
	status := o.status(order)
	call := status.Last
	success, err := e.find(ctx, o, order, call)
	refusal, refused := asRefusal(err)
	switch {
	case refused:
		return record{call: call, outcome: o.Refused(order, call, refusal)}, err
	case err == nil && success != nil:
		return record{call: call, outcome: success, success: true}, nil
	case err != nil && !isFenced(err):
		return e.stillUnknown(o, status, turn.settings, err), err
	}
	found := record{call: call}
	if status.Doubted {
		found.doubted, err = e.findLater(ctx, o, order, call)
	}
	if err == nil || isFenced(err) {
		err = e.ask(ctx, Fence, o, order, call, func(ctx context.Context) error { return o.Fence(ctx, order, call) })
	}
	if err != nil {
		return e.stillUnknown(o, status, turn.settings, err), err
	}
	found.outcome = e.retry(o, call, messageFenced, true, e.backoff(turn.settings, status.Failures+1))
	return found, nil
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
		TraceContext: order.TraceContext,
	}))
}
