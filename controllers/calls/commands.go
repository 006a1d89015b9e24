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
}

func (c request) CommandName() string { return "Request" + c.operation.name() }

func (c request) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.order.Stream()}
}

func (c request) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.order.Stream())
	if !c.operation.due(order, c.now) {
		return nil
	}
	status := c.operation.status(order)
	call := saga.Call{
		Generation: status.Generation,
		Try:        status.Last.Try + 1,
		Key:        c.key(order, status.Generation),
		Deadline:   c.deadline,
	}
	return b.Append(c.operation.Intent(order, call), c.operation.Aggregate, c.order.Stream())
}

// key is the same for all tries of a generation, and for no other call of any order in any store.
func (c request) key(order saga.Order, generation int) string {
	return fmt.Sprintf("%s/%s/%d/%s/%d", c.store, c.order, order.Content.Attempt, c.operation.name(), generation)
}

// record records what became of a call. A fact about the generation is recorded in whatever state the order is; a
// remark about one try only while that try is the last one.
type record struct {
	order     saga.OrderID
	operation *Operation
	call      saga.Call
	outcome   any
	// closing is set where the call was looked up.
	closing bool
}

func (c record) CommandName() string { return "Record" + c.operation.name() }

func (c record) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.order.Stream()}
}

func (c record) Handle(b *eventcore.Boundary) error {
	status := c.operation.status(eventcore.Load[saga.Order](b, c.order.Stream()))
	if !status.Unsettled || status.Last.Generation != c.call.Generation {
		return nil
	}
	if c.isRemark() && (status.Last.Try != c.call.Try || !status.InFlight && !c.closing) {
		return nil
	}
	return b.Append(c.outcome, c.operation.Aggregate, c.order.Stream())
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

// wait records what a due call waits for, once.
type wait struct {
	order     saga.OrderID
	operation *Operation
	waiting   saga.StepWaiting
	now       time.Time
}

func (c wait) CommandName() string { return "Wait" }

func (c wait) ReadStreams() []eventcore.StreamID {
	return []eventcore.StreamID{c.order.Stream()}
}

func (c wait) Handle(b *eventcore.Boundary) error {
	order := eventcore.Load[saga.Order](b, c.order.Stream())
	if !c.operation.due(order, c.now) {
		return nil
	}
	if waiting := order.Step(c.waiting.Step).Waiting; waiting != nil && *waiting == c.waiting {
		return nil
	}
	return b.Append(c.waiting, c.operation.Aggregate, c.order.Stream())
}
