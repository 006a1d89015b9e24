// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"context"

	"github.com/eventcore/order-operator/controllers/saga"
)

// lookAhead is how many generations after a doubted one are looked for: a lost part of the history may have fenced it, and gone on.
const lookAhead = 2

// inDoubt reports whether the step's call has to be looked up before: the order service will say so.
func (e *Engine) inDoubt(o *Operation, order saga.Order) bool {
	return !o.Undo && order.InDoubt(o.Step, e.options.DoubtedSince)
}

// findLater returns the generation after the call if the provider knows it or one that follows it: then that is in doubt, too.
func (e *Engine) findLater(ctx context.Context, o *Operation, order saga.Order, call saga.Call) (*saga.CallDoubted, error) {
	for ahead := 1; ahead <= lookAhead; ahead++ {
		success, err := e.find(ctx, o, order, e.later(o, order, call, ahead))
		_, refused := asRefusal(err)
		switch {
		case success != nil, refused, isFenced(err):
			return &saga.CallDoubted{Step: o.Step, Call: e.later(o, order, call, 1)}, nil
		case err != nil:
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // documented
}

// later is the call so many generations after, due to be looked up now.
func (e *Engine) later(o *Operation, order saga.Order, call saga.Call, ahead int) saga.Call {
	generation := call.Generation + ahead
	return saga.Call{
		Generation: generation, Try: 1, Deadline: e.now(),
		Key: saga.CallKey(e.store, order.ID, order.Content.Attempt, o.name(), generation),
	}
}
