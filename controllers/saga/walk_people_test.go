// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// people lists what people may do at any time: cancel, suspend and resume.
func (w *walk) people() []move {
	var moves []move
	may := func(holds bool, name string, payloads ...any) {
		if holds {
			moves = append(moves, move{name, func() {
				for _, payload := range payloads {
					w.record(payload)
				}
			}})
		}
	}
	stoppable := w.order.Stoppable()
	may(stoppable, "a cancellation",
		saga.OrderCancellationRequested{Reason: saga.ReasonCancelledByUser}, saga.Cancellation(saga.ReasonCancelledByUser))
	may(stoppable && w.order.Suspended == nil, "a suspension", saga.OrderSuspended{Reason: saga.ReasonSuspended})
	may(stoppable, "the object's absence",
		saga.OrderSuspended{Reason: saga.ReasonOrderDeleted, CancelAt: w.now.Add(time.Minute)})
	may(stoppable && w.order.Suspended != nil, "a resumption", saga.OrderResumed{})
	return moves
}

// decisions lists the answers to the open attention that are true.
func (w *walk) decisions() []move {
	a := w.order.Attention
	if a == nil {
		return nil
	}
	moves := []move{{"to try again", func() { w.resolve(saga.ResolveRetry) }}}
	operation := w.operationOf(a)
	k := key{operation, w.call(operation).Last.Generation}
	switch happened := w.book[k] == done; {
	case a.Undo && !happened:
		return append(moves, move{"done by hand", func() {
			w.never(k)
			w.byHand[operation]++
			w.resolve(saga.ResolveSkip)
		}})
	case happened:
		return append(moves, move{"seen at the provider", func() { w.resolve(saga.ResolveForce) }})
	case a.Reason == saga.ReasonOutcomeUnknown:
		return append(moves, move{"surely not happened", func() {
			w.never(k)
			w.resolve(saga.ResolveSkip)
		}})
	}
	return append(moves, move{"paid otherwise", func() {
		w.byHand[operation]++
		w.resolve(saga.ResolveForce)
	}})
}

func (w *walk) operationOf(a *saga.Attention) int {
	for i, o := range outsides {
		if o.step == a.Step && o.undo == a.Undo {
			return i
		}
	}
	return -1
}

func (w *walk) call(operation int) saga.CallStatus {
	step := w.order.Step(outsides[operation].step)
	if outsides[operation].undo {
		return step.Undo
	}
	return step.Forward
}

// never has a person make sure that the call does not arrive any more.
func (w *walk) never(k key) {
	if w.book[k] == "" {
		w.book[k] = neverAgain
	}
}

func (w *walk) resolve(action saga.Resolution) {
	a := w.order.Attention
	w.record(saga.AttentionResolved{
		Attention: a.Position, Step: a.Step, Undo: a.Undo, Action: action, Reason: "Seen to", Actor: "ada", Reference: "x",
	})
}
