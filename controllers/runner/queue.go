// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// queue hands orders to workers: each order to one worker at a time, and again if it was added meanwhile. It also keeps
// one timer an order, for the earliest time asked for.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []saga.OrderID
	// state of the orders that are waiting or at work.
	state  map[saga.OrderID]queueState
	timers map[saga.OrderID]timer
	closed bool
}

type queueState int

const (
	queued queueState = iota + 1
	atWork
	atWorkAgain
)

type timer struct {
	*time.Timer
	at time.Time
}

func newQueue() *queue {
	q := &queue{state: map[saga.OrderID]queueState{}, timers: map[saga.OrderID]timer{}}
	q.changed = sync.NewCond(&q.mu)
	return q
}

func (q *queue) add(id saga.OrderID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.addLocked(id)
}

func (q *queue) addLocked(id saga.OrderID) {
	switch q.state[id] {
	case queued, atWorkAgain:
	case atWork:
		q.state[id] = atWorkAgain
	default:
		q.state[id] = queued
		q.waiting = append(q.waiting, id)
		q.changed.Signal()
	}
}

// addAfter adds the order when the span is over, unless it is to be added earlier anyway.
func (q *queue) addAfter(id saga.OrderID, now time.Time, span time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := now.Add(span)
	if existing, ok := q.timers[id]; ok {
		if !existing.at.After(at) {
			return
		}
		existing.Stop()
	}
	if q.closed {
		return
	}
	q.timers[id] = timer{at: at, Timer: time.AfterFunc(span, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.timers[id].at.Equal(at) {
			delete(q.timers, id)
		}
		q.addLocked(id)
	})}
}

// stopTimer takes the order's timer back, if it has one.
func (q *queue) stopTimer(id saga.OrderID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if existing, ok := q.timers[id]; ok {
		existing.Stop()
		delete(q.timers, id)
	}
}

// take waits for an order. It returns false when the queue is closed.
func (q *queue) take() (saga.OrderID, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return saga.OrderID{}, false
	}
	id := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.state[id] = atWork
	return id, true
}

// done gives the order back.
func (q *queue) done(id saga.OrderID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	again := q.state[id] == atWorkAgain
	delete(q.state, id)
	if again {
		q.addLocked(id)
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, t := range q.timers {
		t.Stop()
	}
	q.changed.Broadcast()
}
