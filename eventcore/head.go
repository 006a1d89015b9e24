// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"fmt"
	"math"
)

// never is a position that no store reaches.
const never Position = math.MaxUint64

func (e *Executor) headNow() Position {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.head
}

func (e *Executor) cached(stream StreamID, f folder) (cachedState, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cache.get(stream, f)
}

// takeTurn makes the caller the one who moves head, until endTurn: events are absorbed in their order. While another
// moves it, takeTurn waits; once head has reached the wanted position there is nothing to do, and it returns false.
func (e *Executor) takeTurn(ctx context.Context, wanted Position) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.head < wanted {
		if !e.moving {
			e.moving = true
			return true, nil
		}
		if err := e.awaitTurn(ctx); err != nil {
			return false, err
		}
	}
	return false, nil
}

// awaitTurn gives mu away until the one who moves head is done.
func (e *Executor) awaitTurn(ctx context.Context) error {
	if e.moved == nil {
		e.moved = make(chan struct{})
	}
	moved := e.moved
	e.mu.Unlock()
	defer e.mu.Lock()
	select {
	case <-moved:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Executor) endTurn() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.moving = false
	if e.moved != nil {
		close(e.moved)
		e.moved = nil
	}
}

// refresh reads what others have written since head.
func (e *Executor) refresh(ctx context.Context) error {
	if _, err := e.takeTurn(ctx, never); err != nil {
		return err
	}
	defer e.endTurn()
	return e.readTail(ctx)
}

// readTail absorbs what the store has after head. The caller has the turn. The store is read without mu, so that a
// slow one holds up nobody who needs only what is in memory.
func (e *Executor) readTail(ctx context.Context) error {
	head := e.headNow()
	for event, err := range e.store.Read(ctx, Query{After: head}) {
		if err != nil {
			return fmt.Errorf("read what others wrote after position %d: %w", head, err)
		}
		e.absorb([]Event{event})
	}
	return nil
}

// absorb brings the cache up to date with committed events, which follow head save those that it has reached already.
// The caller has the turn. Only what is cached or being loaded is decoded.
func (e *Executor) absorb(events []Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range events {
		event := &events[i]
		if event.Position <= e.head {
			continue
		}
		if event.Payload == nil {
			own := *event // shared with subscribers: it is decoded in a copy
			event = &own
		}
		for _, m := range event.Streams {
			e.cache.absorb(m.Stream, m.Version, event, e.registry)
		}
		e.head = event.Position
	}
}
