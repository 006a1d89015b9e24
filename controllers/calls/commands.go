// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"fmt"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// request records the intent of a call, if it is due.
type request struct {
	order     saga.OrderID
	operation *Operation
	store     string
	now       time.Time
	deadline  time.Time
	// prepared belongs to the generation of the attempt, and to no other.
	prepared            string
	attempt, generation int
	// refused is why the provider would not even prepare the call.
	refused any
}

func (c request) CommandName() string { return "Request" + c.operation.name() }

func (c request) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.order.Stream()}
}

func (c request) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.order.Stream())
	status := c.operation.status(order)
	if !c.operation.due(order, c.now) || order.Content.Attempt != c.attempt || status.Generation != c.generation {
		return nil
	}
	call := nextCall(c.store, order, c.operation, c.deadline)
	intent := c.operation.Intent(order, call, c.prepared)
	if err := b.Append(intent, c.operation.Aggregate, c.order.Stream()); err != nil || c.refused == nil {
		return err
	}
	return b.Append(c.refused, c.operation.Aggregate, c.order.Stream())
}

// nextCall is the next try of the operation's generation. Its key is the same for all tries of a generation, and for no
// other call of any order in any store.
func nextCall(store string, order saga.Order, o *Operation, deadline time.Time) saga.Call {
	status := o.status(order)
	return saga.Call{
		Generation: status.Generation,
		Try:        status.Last.Try + 1,
		Key:        saga.CallKey(store, order.ID, order.Content.Attempt, o.name(), status.Generation),
		Deadline:   deadline,
	}
}

// postpone puts the first try of a generation off, because it could not be prepared.
type postpone struct {
	request

	retry saga.StepRetryScheduled
}

func (c postpone) CommandName() string { return "Postpone" + c.operation.name() }

func (c postpone) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.order.Stream())
	status := c.operation.status(order)
	if !c.operation.due(order, c.now) || order.Content.Attempt != c.attempt || status.Generation != c.generation {
		return nil
	}
	return b.Append(c.retry, c.operation.Aggregate, c.order.Stream())
}

// attentionAfter is how many tries in a row of what has to succeed may fail, and lookUpsAfter how many look-ups, before
// a person is told. The operator goes on meanwhile.
const (
	attentionAfter = 10
	lookUpsAfter   = 20
)

// record records what became of a call. A fact about the generation is recorded in whatever state the order is; a
// remark about one try only while that try is the last one.
type record struct {
	order     saga.OrderID
	operation *Operation
	attempt   int
	call      saga.Call
	outcome   any
	// success is set for the event of a success.
	success bool
	// closing is set where the call was looked up.
	closing bool
	// noFence is set where the provider can't promise to refuse the call.
	noFence bool
	// doubted is the call that has to be looked up next, nil for none.
	doubted *saga.CallDoubted
}

func (c record) CommandName() string { return "Record" + c.operation.name() }

func (c record) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.order.Stream()}
}

func (c record) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.order.Stream())
	status := c.operation.status(order)
	if order.Content.Attempt != c.attempt || !status.Unsettled || status.Last.Generation != c.call.Generation {
		return c.late(b, order)
	}
	if c.isRemark() && (status.Last.Try != c.call.Try || !status.InFlight && !c.closing) {
		return nil
	}
	if err := c.append(b, c.outcome); err != nil {
		return err
	}
	if c.doubted != nil {
		return c.append(b, *c.doubted)
	}
	if attention, needed := c.attention(order, status); needed {
		return c.append(b, attention)
	}
	return nil
}

func (c record) append(b *eventcore.Boundary, event any) error {
	return b.Append(event, c.operation.Aggregate, c.order.Stream())
}

// isRemark reports whether the outcome is about one try: a fence closes the generation, whoever tries it.
func (c record) isRemark() bool {
	switch outcome := c.outcome.(type) {
	case saga.StepRetryScheduled:
		return !outcome.Fenced
	case saga.OutcomeUnknown:
		return true
	}
	return false
}

// late records what comes to light of a generation that was closed as 'did not happen': by a person who was wrong, or by
// a provider that broke its promise. If it can be undone or used it is, otherwise a person has to see to it.
func (c record) late(b *eventcore.Boundary, order saga.Order) error {
	status := c.operation.status(order)
	switch {
	case !c.success, order.Step(c.operation.Step).Harmless, order.Counted(c.outcome), order.Recorded(c.effect()):
		return nil
	case order.Content.Attempt == c.attempt && !status.Unsettled && c.fits(order):
		return c.append(b, c.outcome)
	}
	return c.append(b, saga.AttentionRequired{
		Step: c.operation.Step, Undo: c.operation.Undo, Reason: saga.ReasonHappenedTwice,
		Message: fmt.Sprintf("%s of attempt %d, generation %d, happened although it was given up: see to it at the provider",
			c.operation.name(), c.attempt, c.call.Generation),
	})
}

func (c record) effect() saga.Success {
	return saga.Success{Attempt: c.attempt, Step: c.operation.Step, Undo: c.operation.Undo, Generation: c.call.Generation}
}

// fits reports whether the effect is neither there already nor, for a compensation, without anything to undo.
func (c record) fits(order saga.Order) bool {
	state := order.Step(c.operation.Step).State
	happened := state == saga.Succeeded || state == saga.Undoing
	return happened == c.operation.Undo && order.Outcome != saga.Completed
}

// attention tells a person of a call that can't be closed, or that has to succeed and goes on failing.
func (c record) attention(order saga.Order, status saga.CallStatus) (saga.AttentionRequired, bool) {
	if order.Attention != nil {
		return saga.AttentionRequired{}, false
	}
	attention := saga.AttentionRequired{Step: c.operation.Step, Undo: c.operation.Undo}
	switch outcome := c.outcome.(type) {
	case saga.OutcomeUnknown:
		attention.Reason, attention.NotBefore = saga.ReasonOutcomeUnknown, outcome.NotBefore
		attention.Message = "Nobody knows whether the call happened: " + outcome.Message
		return attention, c.noFence || status.Lookups+1 >= lookUpsAfter
	case saga.StepRetryScheduled:
		attention.Reason, attention.NotBefore = saga.ReasonCallFailing, outcome.NotBefore
		if c.operation.Undo {
			attention.Reason = saga.ReasonUndoFailing
		}
		attention.Message = fmt.Sprintf("Failed %d times in a row: %s", status.Failures+1, outcome.Message)
		return attention, c.mustSucceed(order) && status.Failures+1 >= attentionAfter
	}
	return saga.AttentionRequired{}, false
}

// mustSucceed reports whether no deadline ends the operation's retries.
func (c record) mustSucceed(order saga.Order) bool {
	return c.operation.Undo || order.Shipment.Dispatched
}

// wait records what a due call or look-up waits for, once.
type wait struct {
	order     saga.OrderID
	operation *Operation
	closing   bool
	waiting   saga.StepWaiting
	now       time.Time
}

func (c wait) CommandName() string { return "Wait" }

func (c wait) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.order.Stream()}
}

func (c wait) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.order.Stream())
	due := c.operation.due(order, c.now)
	if c.closing {
		due = order.Close(c.operation.Step, c.operation.Undo, c.now)
	}
	if !due {
		return nil
	}
	if waiting := order.Step(c.waiting.Step).Waiting; waiting != nil && *waiting == c.waiting {
		return nil
	}
	return b.Append(c.waiting, c.operation.Aggregate, c.order.Stream())
}
