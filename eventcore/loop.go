// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
)

// loop decides what is queued. It and a caller who is alone take turns with the lead, so that there is one place at a
// time where commands are decided.
func (e *Executor) loop() {
	defer close(e.finished)
	for {
		select {
		case <-e.closing:
			<-e.lead // for ever: whoever had it was the last one
			return
		case r := <-e.queue:
			<-e.lead
			e.process(e.drain(r))
			clear(e.drained)
			e.lead <- struct{}{}
		}
	}
}

// drain takes what is waiting, without waiting for more. It lets the callers run first that the last commit has
// woken, so that those who come back at once share the next commit.
func (e *Executor) drain(first *request) []*request {
	e.options.Gather()
	requests := takeIfWanted(e.drained[:0], first)
	defer func() { e.drained = requests }()
	for len(requests) < e.options.MaxBatch {
		select {
		case r := <-e.queue:
			requests = takeIfWanted(requests, r)
		default:
			return requests
		}
	}
	return requests
}

func takeIfWanted(requests []*request, r *request) []*request {
	if r.taken.CompareAndSwap(false, true) {
		return append(requests, r)
	}
	return requests
}

// process decides and commits the requests, in one batch or, where that would exceed the store's limits, in several.
// After a conflict the batches become smaller: a command whose streams others leave alone must not fail because it
// shares its batches with one whose streams they keep changing. So they do where a store finds a batch too large that
// is within its Limits, for its guards perhaps.
func (e *Executor) process(requests []*request) {
	size := len(requests)
	for {
		requests = expire(requests, e.options.MaxAttempts)
		if len(requests) == 0 {
			return
		}
		b, taken := e.decide(requests[:min(size, len(requests))])
		rest := requests[taken:]
		appended, err := e.commit(b)
		switch {
		case err == nil:
			b.succeed(appended)
			size = min(2*size, e.options.MaxBatch)
		case errors.Is(err, ErrOutcomeUnknown), errors.Is(err, errUnsettled), errors.Is(err, ErrRolledBack):
			// Whatever else the error may be: deciding again could append twice, or go on without an end.
			fail(b.requests(), err)
		case errors.Is(err, errStale), errors.Is(err, ErrConflict):
			rest = append(withoutKnown(b.requests(), err), rest...)
			size = max(1, taken/2)
			if err := e.refresh(context.Background()); err != nil {
				fail(rest, err)
				return
			}
		case errors.Is(err, ErrTooLarge) && len(b.decisions) > 1:
			rest = append(b.requests(), rest...)
			size = max(1, taken/2)
		default:
			fail(b.requests(), err)
		}
		requests = rest
	}
}

// expire answers the requests that have been decided too often.
func expire(requests []*request, maxAttempts int) []*request {
	kept := requests[:0]
	for _, r := range requests {
		if r.attempts >= maxAttempts {
			r.answer <- answer{err: fmt.Errorf("%w: gave up after %d attempts", ErrContention, r.attempts)}
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// fail answers requests that could not be committed. Whatever was decided for them is dropped.
func fail(requests []*request, err error) {
	for _, r := range requests {
		r.answer <- answer{err: fmt.Errorf("append: %w", err)}
	}
}

// commit appends the batch and brings the cache up to date. A batch whose commands append nothing is validated.
func (e *Executor) commit(b *batch) (Appended, error) {
	if b.stale {
		return Appended{}, errStale
	}
	if len(b.decisions) == 0 {
		return Appended{}, nil
	}
	ctx := context.Background() // the batch has many callers, and none may interrupt it
	if _, err := e.takeTurn(ctx, never); err != nil {
		return Appended{}, err
	}
	defer e.endTurn()
	appended, err := e.appendObserved(ctx, len(b.decisions), AppendRequest{
		ID: e.newID(e.options.Clock()), Head: b.head, Guards: b.guards(), Events: b.events, Commands: b.entries(),
	})
	if back := wentBack(err); back != nil {
		err = e.halt(back)
	}
	if err != nil {
		return Appended{}, err
	}
	if appended.Previous < b.head {
		// The guards held, and what was decided stands. No more may rest on what is in memory.
		_ = e.halt(rolledBack(b.head, appended.Previous))
	}
	e.absorb(appended.Tail)
	if e.headNow() == appended.Previous {
		e.absorb(appended.Events)
		return appended, nil
	}
	// Another process wrote in between. The batch stands whatever becomes of this; what it leaves undone the next
	// conflict or View does.
	_ = e.readTail(ctx)
	return appended, nil
}

// newID returns a UUIDv7 of the given time and the injected randomness; the leader calls it. If that fails there is no safe way on.
func (e *Executor) newID(now time.Time) uuid.UUID {
	id := &e.id // here, as a reader would otherwise make it escape
	if _, err := io.ReadFull(e.random, id[6:]); err != nil {
		panic(fmt.Sprintf("eventcore: read randomness for an id: %v", err))
	}
	var milliseconds [8]byte
	binary.BigEndian.PutUint64(milliseconds[:], uint64(now.UnixMilli()))
	copy(id[:6], milliseconds[2:])
	id[6] = id[6]&0x0f | 0x70 // version 7
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return *id
}
