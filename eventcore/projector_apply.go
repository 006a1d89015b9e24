// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// failure is an attempt to apply an event that failed. If it is not again, policy is what becomes of the event.
type failure struct {
	err    error
	again  bool
	policy Policy
}

func (p *Projector) apply(ctx context.Context, batch Batch) error {
	for i := range batch.Events {
		event := batch.Events[i] // shared with other readers: decoded in a copy
		if err := p.take(ctx, &event); err != nil {
			return err
		}
	}
	return p.reach(batch.Through)
}

// take applies the event, as often and with the end that the projection wants.
func (p *Projector) take(ctx context.Context, event *Event) error {
	for attempt := 1; ; attempt++ {
		failed, err := p.try(event, attempt)
		if failed != nil {
			p.options.Failed(event, attempt, failed.again, failed.err)
		}
		if failed == nil || !failed.again {
			return err
		}
		if err := pause(ctx, p.options.Backoff(attempt)); err != nil {
			return fmt.Errorf("projection %s: try event %d again: %w", p.projection.Name, event.Position, err)
		}
	}
}

// try applies the event once. Without a failure, or with one that is not tried again, position lies behind it then,
// or the error says why the projection ends.
func (p *Projector) try(event *Event, attempt int) (*failure, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil || event.Position <= p.position {
		return nil, p.broken
	}
	failed := p.applyEvent(event, attempt)
	switch {
	case failed == nil:
	case failed.again:
		return failed, nil
	case failed.policy == Fail:
		p.broken = fmt.Errorf("projection %s: %w", p.projection.Name, failed.err)
		p.notify()
		return failed, p.broken
	case failed.policy == Park:
		p.park(event, attempt, failed.err)
	}
	p.position = event.Position
	p.notify()
	return failed, nil
}

// applyEvent decodes and applies the event, and changes nothing if that fails.
func (p *Projector) applyEvent(event *Event, attempt int) *failure {
	if err := p.registry.Decode(event); err != nil {
		policy := p.projection.OnError
		if errors.Is(err, ErrUnknownType) {
			policy = p.projection.OnUnknown
		}
		return &failure{err: err, policy: policy}
	}
	p.documents.begin()
	if err := p.call(event); err != nil {
		p.documents.rollback()
		err = fmt.Errorf("apply event %d (%s): %w", event.Position, event.Type, err)
		return &failure{err: err, again: attempt < p.projection.Attempts, policy: p.projection.OnError}
	}
	return nil
}

func (p *Projector) call(event *Event) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("it panicked: %v", reason)
		}
	}()
	return p.projection.Apply(&p.documents, event)
}

// reach says that there is nothing to apply up to the position.
func (p *Projector) reach(position Position) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken == nil {
		p.position = max(p.position, position)
		p.notify()
	}
	return p.broken
}

func pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
