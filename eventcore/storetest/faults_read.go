// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/eventcore/order-operator/eventcore"
)

// partialEvents bounds how many events a read yields that is going to fail.
const partialEvents = 16

// look fails after a crash, and as often as the options want.
func (f *Faults) look(ctx context.Context, what string) error {
	if err := f.alive(); err != nil {
		return err
	}
	if err := f.delay(ctx); err != nil {
		return err
	}
	if f.happens(func(o *FaultOptions) float64 { return o.Reads }) {
		return fmt.Errorf("%s: %w", what, ErrInjected)
	}
	return nil
}

// Head implements eventcore.Store.
func (f *Faults) Head(ctx context.Context) (eventcore.Position, error) {
	if err := f.look(ctx, "head"); err != nil {
		return 0, err
	}
	return f.store.Head(ctx)
}

// FindCommand implements eventcore.CommandStore, if the store does.
func (f *Faults) FindCommand(ctx context.Context, id string) (eventcore.CommandRecord, bool, error) {
	commands, ok := f.store.(eventcore.CommandStore)
	if !ok {
		return eventcore.CommandRecord{}, false, fmt.Errorf("%T records no commands: %w", f.store, errors.ErrUnsupported)
	}
	if err := f.look(ctx, "find command"); err != nil {
		return eventcore.CommandRecord{}, false, err
	}
	return commands.FindCommand(ctx, id)
}

// Read implements eventcore.Store.
func (f *Faults) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		failure, left := f.look(ctx, "read"), -1
		switch {
		case errors.Is(failure, ErrInjected):
			left = f.drawBelow(partialEvents)
		case failure != nil:
			left = 0
		}
		for event, err := range f.store.Read(ctx, query) {
			if dead := f.alive(); dead != nil {
				failure, left = dead, 0
			}
			if left == 0 {
				break
			}
			left--
			if !yield(event, err) || err != nil {
				return
			}
		}
		if failure != nil {
			yield(eventcore.Event{}, failure)
		}
	}
}

// Subscribe implements eventcore.Store.
func (f *Faults) Subscribe(
	ctx context.Context, after eventcore.Position, filter eventcore.Filter,
) iter.Seq2[eventcore.Batch, error] {
	return func(yield func(eventcore.Batch, error) bool) {
		if err := f.alive(); err != nil {
			yield(eventcore.Batch{}, err)
			return
		}
		following, stop := context.WithCancel(ctx)
		defer stop()
		go func() {
			select {
			case <-f.crashed:
				stop()
			case <-following.Done():
			}
		}()
		for batch, err := range f.store.Subscribe(following, after, filter) {
			if failure := f.deliver(ctx, err); failure != nil {
				yield(eventcore.Batch{}, failure)
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// deliver returns the error with which a subscription ends instead of delivering a batch.
func (f *Faults) deliver(ctx context.Context, err error) error {
	if dead := f.alive(); dead != nil {
		return dead
	}
	if err != nil {
		return err
	}
	return f.look(ctx, "subscription")
}

// ReadModel implements eventcore.Store.
func (f *Faults) ReadModel(name string) (eventcore.ReadModel, error) {
	if err := f.alive(); err != nil {
		return nil, err
	}
	model, err := f.store.ReadModel(name)
	if err != nil {
		return nil, err
	}
	return &faultyModel{faults: f, model: model}, nil
}

// faultyModel is a read model in which things go wrong.
type faultyModel struct {
	faults *Faults
	model  eventcore.ReadModel
}

func (m *faultyModel) Checkpoint(ctx context.Context) (eventcore.Position, error) {
	if err := m.faults.look(ctx, "checkpoint"); err != nil {
		return 0, err
	}
	return m.model.Checkpoint(ctx)
}

func (m *faultyModel) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := m.faults.look(ctx, "document"); err != nil {
		return nil, false, err
	}
	return m.model.Get(ctx, key)
}

func (m *faultyModel) All(ctx context.Context) iter.Seq2[eventcore.Document, error] {
	return func(yield func(eventcore.Document, error) bool) {
		if err := m.faults.look(ctx, "documents"); err != nil {
			yield(eventcore.Document{}, err)
			return
		}
		m.model.All(ctx)(yield)
	}
}

func (m *faultyModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	if err := m.faults.alive(); err != nil {
		return err
	}
	failure := error(nil)
	if m.faults.happens(func(o *FaultOptions) float64 { return o.Checkpoints }) {
		failure = fmt.Errorf("update of a read model: %w", ErrInjected)
		if m.faults.drawBelow(2) == 0 {
			return failure
		}
	}
	if err := m.model.Update(ctx, from, to, changes); err != nil {
		return err
	}
	return failure
}
