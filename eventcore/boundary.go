// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"fmt"
	"slices"
)

// maxStreams is how many streams a command may load. A Handle that loads without end would stop all others.
const maxStreams = 1_024

// Boundary is what a command sees in one attempt: the states that it loads, which together are its consistency
// boundary, and the events that it appends. It may be used only inside Handle and by one goroutine.
type Boundary struct {
	registry   *Registry
	appendOnly map[StreamID]struct{}
	source     stateSource
	loaded     []StreamID
	events     []Event
	err        error
	// inVain counts the loads since err was set.
	inVain int
	// few is where loaded lies while it is short.
	few [4]StreamID
}

// stateSource finds the state of a stream: in the decision loop in memory, elsewhere also in the store.
type stateSource interface {
	load(stream StreamID, f folder) (any, error)
}

// Load returns the current state of the stream and adds the stream to the consistency boundary. A stream that cannot
// be read, or must not be (it is append-only), poisons the attempt: Load returns the zero state, and Execute the
// error, whatever Handle does.
func Load[S State[S]](boundary *Boundary, stream StreamID) S {
	state, ok := boundary.load(stream, fold[S]{}).(S)
	if !ok {
		var zero S
		return zero
	}
	return state
}

func (b *Boundary) load(stream StreamID, f folder) any {
	if b.err != nil {
		b.loadInVain()
		return nil
	}
	if _, ok := b.appendOnly[stream]; ok {
		b.err = fmt.Errorf("load %s: %w", stream, ErrAppendOnly)
		return nil
	}
	if err := stream.Validate(); err != nil {
		b.err = err
		return nil
	}
	state, err := b.source.load(stream, f)
	if err != nil {
		b.err = fmt.Errorf("load %s: %w", stream, err)
		return nil
	}
	if slices.Contains(b.loaded, stream) {
		return state
	}
	if len(b.loaded) == maxStreams {
		b.err = fmt.Errorf("load %s: %w: it has loaded %d streams", stream, ErrDiscoveryDepth, maxStreams)
		return nil
	}
	b.loaded = append(b.loaded, stream)
	return state
}

// loadInVain ends, by a panic that handle recovers, a Handle that keeps loading although its attempt is poisoned: it
// may be waiting for a state that never comes.
func (b *Boundary) loadInVain() {
	b.inVain++
	if b.inVain > maxStreams {
		panic(b.err)
	}
}

// Append adds an event with the payload to the streams. Each must have been loaded in this attempt or be declared
// append-only, and none may occur twice. The error is also returned by Execute, even if Handle ignores it.
func (b *Boundary) Append(payload any, streams ...StreamID) error {
	if b.err != nil {
		return b.err
	}
	event, err := b.registry.Encode(payload)
	if err == nil {
		event.Streams, err = b.memberships(streams)
	}
	if err != nil {
		b.err = fmt.Errorf("append %T: %w", payload, err)
		return b.err
	}
	b.events = append(b.events, event)
	return nil
}

func (b *Boundary) memberships(streams []StreamID) ([]Membership, error) {
	if len(streams) == 0 {
		return nil, fmt.Errorf("%w: the event joins no stream", ErrInvalidStreamID)
	}
	memberships := make([]Membership, 0, len(streams))
	for i, stream := range streams {
		if slices.Contains(streams[:i], stream) {
			return nil, fmt.Errorf("%w: %s is given twice", ErrInvalidStreamID, stream)
		}
		_, appendOnly := b.appendOnly[stream]
		if !appendOnly && !slices.Contains(b.loaded, stream) {
			return nil, fmt.Errorf("%w: %s", ErrNotLoaded, stream)
		}
		memberships = append(memberships, Membership{Stream: stream})
	}
	return memberships, nil
}
