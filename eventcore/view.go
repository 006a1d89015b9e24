// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"fmt"
)

// Snapshot is the state of a stream as View found it.
type Snapshot[S any] struct {
	State S
	// Version is the stream's version, 0 if it has no events.
	Version Version
	// Head is a position up to which the state is current.
	Head Position
}

// ViewOption changes one View.
type ViewOption func(viewing) viewing

type viewing struct {
	atLeast  Position
	followed bool
}

// Followed makes View ask nobody how far the store has come, if that is a Follower: the state is as new as all that this
// process was told, by Append or as a subscriber. It is for who looks again whenever there is an event.
func Followed() ViewOption {
	return func(v viewing) viewing {
		v.followed = true
		return v
	}
}

// AtLeast makes View wait until the store has the position.
func AtLeast(position Position) ViewOption {
	return func(v viewing) viewing {
		v.atLeast = max(v.atLeast, position)
		return v
	}
}

// View returns the committed state of the stream, at least as new as everything that the store had committed or
// delivered to a subscriber when View was called. It guards nothing: a decision belongs into a Command.
func View[S State[S]](
	ctx context.Context, executor *Executor, stream StreamID, options ...ViewOption,
) (Snapshot[S], error) {
	if err := stream.Validate(); err != nil {
		return Snapshot[S]{}, err
	}
	v := viewing{}
	for _, option := range options {
		v = option(v)
	}
	head, err := executor.reach(ctx, v)
	if err != nil {
		return Snapshot[S]{}, fmt.Errorf("view %s: %w", stream, err)
	}
	cached, ok := executor.cached(stream, fold[S]{})
	if !ok {
		p := executor.newPreparation(ctx)
		defer p.release()
		if cached, err = p.state(stream, fold[S]{}); err != nil {
			return Snapshot[S]{}, fmt.Errorf("view %s: %w", stream, err)
		}
	}
	return Snapshot[S]{State: cached.state.(S), Version: cached.version, Head: head}, nil
}

// reach makes the cache as new as the store. Right after a commit of this executor's own it has only to wait for
// the loop; what another process wrote it reads.
func (e *Executor) reach(ctx context.Context, v viewing) (Position, error) {
	head, err := e.end(ctx, v.followed)
	if err == nil {
		err = e.usable()
	}
	if err == nil && head < v.atLeast {
		head, err = e.await(ctx, v.atLeast)
	}
	if err != nil {
		return 0, err
	}
	mine, err := e.takeTurn(ctx, head)
	if err != nil {
		return 0, err
	}
	if mine {
		defer e.endTurn()
		if err := e.readTail(ctx); err != nil {
			return 0, err
		}
	}
	return e.headNow(), nil
}

// end returns the store's head, or how far this process has followed it.
func (e *Executor) end(ctx context.Context, followed bool) (Position, error) {
	before := e.headNow()
	if follower, ok := e.store.(Follower); ok && followed {
		return max(before, follower.Followed()), nil
	}
	head, err := e.store.Head(ctx)
	if err == nil && head < before {
		err = e.halt(rolledBack(before, head))
	}
	return head, err
}

// await returns the store's head once it has the position.
func (e *Executor) await(ctx context.Context, position Position) (Position, error) {
	for batch, err := range e.store.Subscribe(ctx, position-1, Filter{}) {
		if err != nil {
			return 0, fmt.Errorf("wait for position %d: %w", position, err)
		}
		if batch.Through >= position {
			return batch.Through, nil
		}
	}
	return 0, fmt.Errorf("wait for position %d: the store has ended the subscription", position)
}
