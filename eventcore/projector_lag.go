// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"fmt"
	"time"
)

// Lag asks the store how many positions lie before its head, and for the age of the oldest event among them that is to
// be applied, 0 if there is none.
func (p *Projector) Lag(ctx context.Context) (positions uint64, age time.Duration, err error) {
	position := p.Position()
	head, err := p.store.Head(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("projection %s: read the head: %w", p.projection.Name, err)
	}
	if head <= position {
		return 0, 0, nil
	}
	for event, err := range p.store.Read(ctx, Query{After: position, Filter: p.filter, Limit: 1}) {
		if err != nil {
			return 0, 0, fmt.Errorf("projection %s: read the next event: %w", p.projection.Name, err)
		}
		age = max(0, p.options.Clock().Sub(event.RecordedAt))
	}
	return uint64(head - position), age, nil
}

// WaitFor returns when the events up to the position are applied, that of a Receipt for instance. It returns ctx's
// error, or that of an event that can't be applied.
func (p *Projector) WaitFor(ctx context.Context, position Position) error {
	for {
		moved, err := p.watch(position)
		if moved == nil {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("projection %s: wait for position %d: %w", p.projection.Name, position, ctx.Err())
		}
	}
}

// watch returns what is closed when there is something new, or nil once the position is reached or never will be.
func (p *Projector) watch(position Position) (<-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.position >= position || p.broken != nil {
		if p.position >= position {
			return nil, nil
		}
		return nil, p.broken
	}
	if p.moved == nil {
		p.moved = make(chan struct{})
	}
	return p.moved, nil
}

// notify wakes those who wait. The caller holds mu.
func (p *Projector) notify() {
	if p.moved != nil {
		close(p.moved)
		p.moved = nil
	}
}
