// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"sync/atomic"
)

// request is a command on its way through the decision loop.
type request struct {
	command  Command
	metadata Metadata
	// entry holds the id of a command that was given one.
	entry      CommandEntry
	identified bool
	attempts   int
	taken      atomic.Bool // by the loop, or by the caller who gave up waiting
	// abandoned says that the caller gave up: the queue may hold the request still.
	abandoned bool
	answer    chan answer
	self      [1]*request // a batch of this request alone
}

type answer struct {
	receipt Receipt
	err     error
	missed  bool // a state was not in memory: load it and come again
	// repeated says that the store knows the command's id: look for its first receipt.
	repeated bool
}

func newRequest() any {
	r := &request{answer: make(chan answer, 1)}
	r.self[0] = r
	return r
}

func (e *Executor) request(command Command, options []ExecuteOption) *request {
	r := e.requests.Get().(*request)
	r.command = command
	for _, option := range options {
		option(r)
	}
	r.metadata.CommandType = commandName(command)
	return r
}

// free lets the request be used again, if nobody else can hold it.
func (e *Executor) free(r *request) {
	if r.abandoned {
		return
	}
	r.command, r.metadata, r.entry, r.identified, r.attempts = nil, Metadata{}, CommandEntry{}, false, 0
	e.requests.Put(r)
}

// submit has the request decided. A caller who is alone does that himself, which saves two changes of goroutine. Where
// there are more, the loop does: what they ask for meanwhile shares a commit.
func (e *Executor) submit(ctx context.Context, r *request) answer {
	if err := ctx.Err(); err != nil {
		return answer{err: err}
	}
	select {
	case <-e.closing:
		return answer{err: ErrClosed}
	default:
	}
	if e.callers.Load() == 1 {
		select {
		case <-e.lead:
			return e.decideHere(r)
		default:
		}
	}
	return e.enqueue(ctx, r)
}

// decideHere decides in the caller's goroutine, which has the lead.
func (e *Executor) decideHere(r *request) answer {
	defer func() { e.lead <- struct{}{} }()
	r.taken.Store(true)
	r.self[0] = r
	e.process(r.self[:])
	return <-r.answer
}

// enqueue passes the request through the loop. A caller who gives up takes the request, so that the loop skips it;
// once the loop has taken it, the answer is awaited, because it may be committed.
func (e *Executor) enqueue(ctx context.Context, r *request) answer {
	r.taken.Store(false)
	select {
	case <-e.closing:
		return answer{err: ErrClosed}
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	case e.queue <- r:
	}
	select {
	case a := <-r.answer:
		return a
	case <-ctx.Done():
		if r.giveUp() {
			return answer{err: ctx.Err()}
		}
	case <-e.finished:
		if r.giveUp() {
			return answer{err: ErrClosed}
		}
	}
	return <-r.answer
}

func (r *request) giveUp() bool {
	r.abandoned = r.taken.CompareAndSwap(false, true)
	return r.abandoned
}

// holds reports whether a state of each stream is in memory, as far as it can be. It returns the error of an executor
// that has stopped.
func (e *Executor) holds(streams []StreamID) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, stream := range streams {
		if _, ok := e.appendOnly[stream]; !ok && !e.cache.holds(stream) {
			return false, e.halted
		}
	}
	return true, e.halted
}

func (e *Executor) usable() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.halted
}
