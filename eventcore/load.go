// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// preparation loads, outside the decision loop, the states that a command needs. It implements stateSource. What it
// has loaded stays in the cache until release.
type preparation struct {
	executor *Executor
	// history reads the stream from the store, within the caller's context.
	history func(stream StreamID) iter.Seq2[Event, error]
	pinned  []StreamID
	err     error
}

func (e *Executor) newPreparation(ctx context.Context) *preparation {
	return &preparation{executor: e, history: func(stream StreamID) iter.Seq2[Event, error] {
		return e.store.Read(ctx, Query{Filter: Filter{Streams: []StreamID{stream}}})
	}}
}

// run runs the command with all states loaded as it asks for them, only to have them in memory: whatever it decides
// is thrown away, because the states need not belong to one moment.
func (p *preparation) run(command Command) error {
	e := p.executor
	boundary := &Boundary{registry: e.registry, appendOnly: e.appendOnly, source: p}
	// A refusal or a panic is told by the run that counts.
	_ = handle(command, boundary)
	return p.err
}

func (p *preparation) load(stream StreamID, f folder) (any, error) {
	s, err := p.state(stream, f)
	if err != nil {
		p.err = fmt.Errorf("load %s: %w", stream, err)
		return nil, err
	}
	return s.state, nil
}

// state returns the committed state of the stream, from the cache if it is there.
func (p *preparation) state(stream StreamID, f folder) (cachedState, error) {
	if s, ok := p.pin(stream, f); ok {
		return s, nil
	}
	s, err := p.fold(stream, f)
	return p.finish(stream, s, err)
}

// pin keeps the stream in the cache. If the state is not there it begins to collect what is committed to the stream.
func (p *preparation) pin(stream StreamID, f folder) (cachedState, bool) {
	e := p.executor
	e.mu.Lock()
	defer e.mu.Unlock()
	pin := e.cache.pin(stream)
	if !slices.Contains(p.pinned, stream) {
		p.pinned = append(p.pinned, stream)
		pin.holders++
	}
	s, ok := e.cache.get(stream, f)
	if !ok {
		pin.readers++
	}
	return s, ok
}

func (p *preparation) fold(stream StreamID, f folder) (cachedState, error) {
	s := cachedState{folder: f, state: f.zero()}
	for event, err := range p.history(stream) {
		if err == nil {
			err = p.executor.registry.Decode(&event)
		}
		if err != nil {
			return s, err
		}
		version, _ := event.VersionIn(stream)
		if err := s.advance(stream, version, &event); err != nil {
			return s, err
		}
	}
	return s, nil
}

// finish folds what was committed while the history was read: the state is then current to the executor's head, as
// everything in the cache must be.
func (p *preparation) finish(stream StreamID, s cachedState, err error) (cachedState, error) {
	e := p.executor
	e.mu.Lock()
	defer e.mu.Unlock()
	pin := e.cache.pins[stream]
	tail := pin.tail
	pin.readers--
	if pin.readers == 0 {
		pin.tail = nil
	}
	if err != nil {
		return s, err
	}
	for i := range tail {
		event := tail[i]
		if err := e.registry.Decode(&event); err != nil {
			return s, err
		}
		version, _ := event.VersionIn(stream)
		if err := s.advance(stream, version, &event); err != nil {
			return s, err
		}
	}
	e.cache.put(stream, s)
	return s, nil
}

// release lets the cache forget what was loaded.
func (p *preparation) release() {
	p.executor.mu.Lock()
	defer p.executor.mu.Unlock()
	p.executor.cache.unpin(p.pinned)
}
