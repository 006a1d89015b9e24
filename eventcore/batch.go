// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// batch collects decisions that are committed together. Each is made on the committed states plus what the
// decisions before it in the batch append. Its memory is used for the next batch, save that of events: a store may keep
// them.
type batch struct {
	executor    *Executor
	head        Position
	limits      Limits
	streams     map[StreamID]int // in pending
	pending     []pendingStream
	events      []Event
	scratch     []Event // where boundaries collect
	decisions   []decision
	memberships int
	bytes       int
	// stale is set when the cache moved while the batch was decided: it must be decided again.
	stale bool
}

// pendingStream is a stream as the batch sees it.
type pendingStream struct {
	version Version // committed
	guarded bool
	events  []int // of the batch that belong to the stream
	states  []pendingState
}

type pendingState struct {
	folder folder
	state  any
	seen   int // of pendingStream.events
}

// decision is the outcome of one command: events[from:to], or a refusal.
type decision struct {
	request  *request
	from, to int
	refusal  error
}

// maxScratch is how many events of a command are collected in memory that is used again.
const maxScratch = 64

var (
	errMissed = errors.New("a state is not in memory")
	errStale  = errors.New("the cache has moved")
	errFull   = errors.New("the batch is full")
)

// decide runs the commands in order. It returns how many it took; the others did not fit into the batch.
func (e *Executor) decide(requests []*request) (b *batch, taken int) {
	b = &e.batch
	b.begin(e)
	for i, r := range requests {
		if b.holds(r) {
			return b, i
		}
		switch err := b.decide(r); {
		case errors.Is(err, errMissed):
			r.answer <- answer{missed: true}
		case errors.Is(err, errStale):
			b.stale = true
			return b, i
		case errors.Is(err, errFull):
			return b, i
		}
	}
	return b, len(requests)
}

func (b *batch) begin(e *Executor) {
	clear(b.streams)
	clear(b.decisions)
	*b = batch{
		executor: e, head: e.headNow(), limits: e.store.Limits(), streams: b.streams, pending: b.pending[:0],
		scratch: b.scratch, decisions: b.decisions[:0],
	}
	if b.streams == nil || len(b.pending) > maxStreams {
		b.streams, b.pending = map[StreamID]int{}, nil
	}
}

func (b *batch) decide(r *request) error {
	boundary := &Boundary{
		registry: b.executor.registry, appendOnly: b.executor.appendOnly, source: b, events: b.scratch[:0],
	}
	boundary.loaded = boundary.few[:0]
	refusal := handle(r.command, boundary)
	if cap(boundary.events) <= maxScratch {
		b.scratch = boundary.events[:0]
	}
	defer clear(boundary.events)
	if errors.Is(boundary.err, errMissed) || errors.Is(boundary.err, errStale) {
		return boundary.err
	}
	if boundary.err != nil {
		refusal = boundary.err
	}
	if refusal != nil {
		boundary.events = nil
	}
	memberships, bytes := size(boundary.events)
	if memberships > b.limits.Memberships || bytes > b.limits.Bytes {
		refusal = fmt.Errorf("%w: %d stream memberships and %d bytes, allowed are %d and %d",
			ErrTooLarge, memberships, bytes, b.limits.Memberships, b.limits.Bytes)
		boundary.events, memberships, bytes = nil, 0, 0
	}
	if b.memberships+memberships > b.limits.Memberships || b.bytes+bytes > b.limits.Bytes {
		return errFull
	}
	b.memberships += memberships
	b.bytes += bytes
	b.accept(r, boundary, refusal)
	return nil
}

// handle runs the command and turns a panic into ErrPanic. Where the boundary is poisoned, that reason counts: a
// command may well stumble over the zero state that a poisoned load returns.
func handle(command Command, boundary *Boundary) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrPanic, reason, debug.Stack())
		}
	}()
	return command.Handle(boundary)
}

func size(events []Event) (memberships, bytes int) {
	for i := range events {
		memberships += len(events[i].Streams)
		bytes += len(events[i].Data)
	}
	return memberships, bytes
}

// accept adds the decision: its reads become guards, its events are seen by the decisions after it.
func (b *batch) accept(r *request, boundary *Boundary, refusal error) {
	r.attempts++
	for _, stream := range boundary.loaded {
		b.pending[b.streams[stream]].guarded = true
	}
	from := len(b.events)
	now := b.executor.options.Clock().UTC().Truncate(time.Microsecond)
	for _, event := range boundary.events {
		event.ID = b.executor.newID(now)
		event.RecordedAt = now
		event.Metadata = r.metadata
		for _, m := range event.Streams {
			if place, ok := b.streams[m.Stream]; ok {
				b.pending[place].events = append(b.pending[place].events, len(b.events))
			}
		}
		b.events = append(b.events, event)
	}
	b.decisions = append(b.decisions, decision{request: r, from: from, to: len(b.events), refusal: refusal})
}

// load implements stateSource within the loop, where nothing may be read from the store: what is not in memory
// poisons the attempt, and the command has to be prepared again.
func (b *batch) load(stream StreamID, f folder) (any, error) {
	place, found := b.streams[stream]
	if found {
		pending := &b.pending[place]
		for i := range pending.states {
			if pending.states[i].folder == f {
				return b.advance(stream, pending, &pending.states[i])
			}
		}
	}
	cached, ok := b.executor.cached(stream, f)
	if !ok {
		return nil, errMissed
	}
	if !found {
		place = b.add(stream, cached.version)
	}
	pending := &b.pending[place]
	if pending.version != cached.version {
		return nil, errStale
	}
	pending.states = append(pending.states, pendingState{folder: f, state: cached.state})
	return b.advance(stream, pending, &pending.states[len(pending.states)-1])
}

// add makes the stream known to the batch, and returns its place in pending.
func (b *batch) add(stream StreamID, version Version) int {
	place := len(b.pending)
	if place < cap(b.pending) {
		b.pending = b.pending[:place+1]
		old := &b.pending[place]
		clear(old.states)
		*old = pendingStream{version: version, events: old.events[:0], states: old.states[:0]}
	} else {
		b.pending = append(b.pending, pendingStream{version: version})
	}
	b.streams[stream] = place
	return place
}

// advance folds what the decisions so far append to the stream.
func (b *batch) advance(stream StreamID, pending *pendingStream, s *pendingState) (any, error) {
	for _, index := range pending.events[s.seen:] {
		state, err := s.folder.apply(s.state, stream, &b.events[index])
		if err != nil {
			return nil, err
		}
		s.state = state
		s.seen++
	}
	return s.state, nil
}

func (b *batch) guards() []Guard {
	guards := make([]Guard, 0, len(b.streams))
	for stream, place := range b.streams {
		if pending := &b.pending[place]; pending.guarded {
			guards = append(guards, Guard{Stream: stream, Version: pending.version})
		}
	}
	return guards
}

func (b *batch) requests() []*request {
	requests := make([]*request, 0, len(b.decisions))
	for _, d := range b.decisions {
		requests = append(requests, d.request)
	}
	return requests
}

// succeed answers every decision of a committed batch, refusals too: what they rest on has been found current.
func (b *batch) succeed(appended Appended) {
	for _, d := range b.decisions {
		receipt := Receipt{Position: appended.Previous, Attempts: d.request.attempts}
		if d.to > 0 { // of a decision without events: it has seen those before it in the batch
			receipt.Position = appended.Events[d.to-1].Position
		}
		if d.to > d.from {
			receipt.Events = appended.Events[d.from:d.to:d.to]
		}
		d.request.answer <- answer{receipt: receipt, err: d.refusal}
	}
}
