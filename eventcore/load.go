// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// maxAhead is how many events of a command's declared streams are held in memory, to be read all at once. More than
// that are read stream by stream, each folded as it comes.
const maxAhead = 4_096

var errTooMany = errors.New("too many events to read ahead")

// preparation loads, outside the decision loop, the states that a command needs. It implements stateSource. What it
// has loaded stays in the cache until release.
type preparation struct {
	executor *Executor
	// read and wait end with the caller's context.
	read   func(sinks ...sink) ([]sink, error)
	wait   func(done <-chan struct{}) error
	pinned []StreamID
	// ahead holds the histories of declared streams that were read together, until they are folded. Each counts as a
	// reader of its stream.
	ahead map[StreamID][]Event
	err   error
}

func (e *Executor) newPreparation(ctx context.Context) *preparation {
	return &preparation{
		executor: e,
		read:     func(sinks ...sink) ([]sink, error) { return e.loader.do(ctx, sinks...) },
		wait: func(done <-chan struct{}) error {
			select {
			case <-done:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	}
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

// state returns the committed state of the stream, from the cache if it is there. If another caller is folding it
// already, his is waited for.
func (p *preparation) state(stream StreamID, f folder) (cachedState, error) {
	for {
		s, ok, other := p.pin(stream, f)
		switch {
		case ok:
			return s, nil
		case other == nil:
			return p.foldPinned(stream, f)
		}
		if err := p.wait(other); err != nil {
			return s, err
		}
	}
}

func (p *preparation) foldPinned(stream StreamID, f folder) (s cachedState, err error) {
	s, err = cachedState{folder: f}, errNotRead // a store that panics must not leave anybody waiting
	defer func() { s, err = p.finish(stream, s, err) }()
	return p.fold(stream, f)
}

// pin keeps the stream in the cache. If the state is neither there nor on its way, it begins to collect what is
// committed to the stream.
func (p *preparation) pin(stream StreamID, f folder) (s cachedState, ok bool, other <-chan struct{}) {
	e := p.executor
	e.mu.Lock()
	defer e.mu.Unlock()
	pin := p.hold(stream)
	if s, ok = e.cache.get(stream, f); ok {
		return s, true, nil
	}
	if other = pin.join(f); other == nil {
		e.cache.misses++
	}
	return s, false, other
}

// hold pins the stream until release. The caller holds the executor's mu.
func (p *preparation) hold(stream StreamID) *pin {
	pin := p.executor.cache.pin(stream)
	if !slices.Contains(p.pinned, stream) {
		p.pinned = append(p.pinned, stream)
		pin.holders++
	}
	return pin
}

func (p *preparation) fold(stream StreamID, f folder) (cachedState, error) {
	s := cachedState{folder: f, state: f.zero()}
	take := func(event *Event) error {
		if err := p.executor.registry.Decode(event); err != nil {
			return err
		}
		version, _ := event.VersionIn(stream)
		return s.advance(stream, version, event)
	}
	if history, ok := p.ahead[stream]; ok {
		for i := range history {
			if err := take(&history[i]); err != nil {
				return s, err
			}
		}
		return s, nil
	}
	sinks, err := p.read(sink{stream: stream, take: take})
	if err != nil {
		return cachedState{folder: f}, err // s may still be written to
	}
	return s, sinks[0].err
}

// finish folds what was committed while the history was read: the state is then current to the executor's head, as
// everything in the cache must be.
func (p *preparation) finish(stream StreamID, s cachedState, err error) (cachedState, error) {
	e := p.executor
	e.mu.Lock()
	defer e.mu.Unlock()
	pin := e.cache.pins[stream]
	tail := pin.tail
	pin.endFold(s.folder)
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

// readAhead reads the histories of streams that nobody has in memory, if there are several, in one read. Where that
// fails or is too much, they are read one by one as they are loaded.
func (p *preparation) readAhead(streams []StreamID) {
	cold := p.cold(streams)
	if len(cold) == 0 {
		return
	}
	left := maxAhead
	histories := make([][]Event, len(cold))
	sinks := make([]sink, len(cold))
	for i, stream := range cold {
		sinks[i] = sink{stream: stream, take: func(event *Event) error {
			if left--; left < 0 {
				return errTooMany
			}
			histories[i] = append(histories[i], *event)
			return nil
		}}
	}
	sinks, err := p.read(sinks...)
	complete := err == nil && !slices.ContainsFunc(sinks, func(s sink) bool { return s.err != nil })
	p.ahead = make(map[StreamID][]Event, len(cold))
	for i, stream := range cold {
		p.ahead[stream] = nil
		if complete {
			p.ahead[stream] = histories[i]
		}
	}
	if !complete {
		p.forgetAhead()
	}
}

// cold pins the streams of which nothing is in memory or on its way, and begins to collect what is committed to them.
// It returns none if there is only one: it is folded as it is read.
func (p *preparation) cold(streams []StreamID) []StreamID {
	e := p.executor
	e.mu.Lock()
	defer e.mu.Unlock()
	cold := make([]StreamID, 0, len(streams))
	for _, stream := range streams {
		_, appendOnly := e.appendOnly[stream]
		pin := e.cache.pins[stream]
		onItsWay := pin != nil && len(pin.folding) > 0
		if !appendOnly && !onItsWay && !e.cache.holds(stream) && !slices.Contains(cold, stream) && stream.Validate() == nil {
			cold = append(cold, stream)
		}
	}
	if len(cold) < 2 {
		return nil
	}
	for _, stream := range cold {
		p.hold(stream).readers++
	}
	return cold
}

// forgetAhead gives up what was read ahead, folded or not.
func (p *preparation) forgetAhead() {
	e := p.executor
	e.mu.Lock()
	defer e.mu.Unlock()
	for stream := range p.ahead {
		e.cache.pins[stream].endRead()
	}
	p.ahead = nil
}

// release lets the cache forget what was loaded.
func (p *preparation) release() {
	p.forgetAhead()
	p.executor.mu.Lock()
	defer p.executor.mu.Unlock()
	p.executor.cache.unpin(p.pinned)
}
