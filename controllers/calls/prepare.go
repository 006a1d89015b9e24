// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"context"
	"slices"

	"github.com/eventcore/order-operator/controllers/saga"
)

// prepare has the provider prepare a generation before its first intent, and completes the command. A refusal is
// recorded with the intent, so that the log says what was refused; after any other error nothing has happened, and the
// try is put off.
func (e *Engine) prepare(ctx context.Context, o *Operation, order saga.Order, turn *turn, command *request) (postponed bool, err error) {
	command.prepared = order.Step(o.Step).Prepared
	if o.Prepare == nil || o.status(order).Unsettled {
		return false, nil
	}
	call := nextCall(e.store, order, o, e.in(turn.settings.Timeout))
	var failure error
	e.pool.outside(func() {
		bounded, cancel := context.WithTimeout(ctx, turn.settings.Timeout)
		defer cancel()
		failure = e.ask(bounded, Prepare, o, order, call, func(ctx context.Context) (err error) {
			command.prepared, err = o.Prepare(ctx, order, call)
			return err
		})
	})
	if failure == nil {
		return false, nil
	}
	turn.Done(resultOf(failure))
	if refusal, refused := asRefusal(failure); refused {
		command.refused = o.Refused(order, call, refusal)
		return false, nil
	}
	command.now = e.now()
	message, wait := e.failure(failure, turn.settings, o.status(order))
	_, err = e.execute(ctx, order, postpone{request: *command, retry: e.retry(o, call, message, false, wait)})
	return true, err
}

// withPrepared returns the steps as they are after the intent.
func withPrepared(steps []saga.StepStatus, step, prepared string) []saga.StepStatus {
	steps = slices.Clone(steps)
	for i := range steps {
		if steps[i].Name == step && prepared != "" {
			steps[i].Prepared = prepared
		}
	}
	return steps
}
