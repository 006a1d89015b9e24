// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/saga"
)

// patience is how long an order waits for room at its provider before it says so: most waits are shorter, and to say so
// takes an event.
const patience = 2 * time.Second

// turn is the leave to call a provider.
type turn struct {
	*guard.Permit

	settings guard.Settings
}

// awaitTurn returns leave to call the operation's provider now. It returns nil if the circuit is open or there is no
// room, before anything is recorded of a call that would be in vain: the order is woken when its turn has come.
func (e *Engine) awaitTurn(ctx context.Context, o *Operation, order saga.Order, move move) (*turn, error) {
	name := o.Provider(order)
	settings := e.options.Settings(name).WithDefaults()
	fresh := !e.guards.Waits(order.ID)
	permit, wait := e.guards.Enter(order.ID, name, o.class(move), settings)
	if permit != nil {
		settings.Timeout = cmp.Or(settings.Timeout, e.options.Timeout)
		return &turn{Permit: permit, settings: settings}, nil
	}
	if wait.State == guard.Closed && e.options.Clock().Sub(wait.Since) < patience {
		if fresh {
			time.AfterFunc(patience, func() { e.pool.submit(order.ID) })
		}
		return nil, nil //nolint:nilnil // it is not the order's turn
	}
	return nil, e.wait(ctx, o, order, move, saga.StepWaiting{Step: o.Step, Reason: o.Unavailable, Name: name})
}

// wait records what the order waits for, unless it has.
func (e *Engine) wait(ctx context.Context, o *Operation, order saga.Order, move move, waiting saga.StepWaiting) error {
	if known := order.Step(o.Step).Waiting; known != nil && *known == waiting {
		return nil
	}
	_, err := e.execute(ctx, order, wait{
		order: order.ID, operation: o, closing: move == closeCall, waiting: waiting, now: e.now(),
	})
	return err
}

// class is that of the call in which the move asks for something.
func (o *Operation) class(move move) guard.Class {
	switch {
	case move == closeCall:
		return guard.LookingUp
	case o.Undo:
		return guard.Undoing
	}
	return guard.Acting
}

// resultOf tells what an error says of the provider's health. Who refuses works.
func resultOf(err error) guard.Result {
	var refusal *Refusal
	switch {
	case err == nil, errors.As(err, &refusal), errors.Is(err, ErrNoFence):
		return guard.Answered
	case errors.Is(err, ErrNotAsked):
		return guard.NotAsked
	}
	return guard.Failed
}
