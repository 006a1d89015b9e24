// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import (
	"container/list"
	"slices"
)

// stateCache holds the folded states of committed events, each at the version of its stream. It is bounded by the
// number of streams and forgets the one that was used least recently, save those that are pinned. It is not safe for
// concurrent use.
type stateCache struct {
	capacity int
	streams  map[StreamID]*list.Element // of *cachedStream
	// recent holds the streams with the one used last in front, but for those that are settled.
	recent, settled *list.List
	pins            map[StreamID]*pin
	// hits counts the states that get has found, misses those that are read instead.
	hits, misses uint64
}

// settledShare is what part of the capacity streams may take that are settled.
const settledShare = 32

type cachedStream struct {
	stream StreamID
	states []cachedState
	// list is the one that the stream is in.
	list *list.List
}

// settled reports whether all states say so.
func (s *cachedStream) settled() bool {
	for i := range s.states {
		if settler, ok := s.states[i].state.(Settler); !ok || !settler.Settled() {
			return false
		}
	}
	return true
}

// cachedState is one stream folded into one type. The types of one stream are held apart: one that was loaded a
// moment ago may be ahead of another.
type cachedState struct {
	folder  folder
	state   any
	version Version
}

// pin keeps a stream in the cache while commands are on their way that have loaded it: a cache smaller than what they
// need together would otherwise send them back for ever.
type pin struct {
	holders int
	// readers is how many of the holders are reading the stream's history, and tail what has been committed to the
	// stream meanwhile: the state that they fold from the history is brought up to date with it.
	readers int
	tail    []Event
	// folding are the states that readers make of the history just now.
	folding []folding
}

// folding is closed when the state is there, or cannot be: done is nil while nobody waits.
type folding struct {
	folder folder
	done   chan struct{}
}

// join returns what to wait for if the state is on its way, and otherwise says that the caller makes it.
func (p *pin) join(f folder) <-chan struct{} {
	for i := range p.folding {
		if p.folding[i].folder != f {
			continue
		}
		if p.folding[i].done == nil {
			p.folding[i].done = make(chan struct{})
		}
		return p.folding[i].done
	}
	p.folding = append(p.folding, folding{folder: f})
	p.readers++
	return nil
}

// endFold wakes those who wait for the state.
func (p *pin) endFold(f folder) {
	p.folding = slices.DeleteFunc(p.folding, func(one folding) bool {
		if one.folder == f && one.done != nil {
			close(one.done)
		}
		return one.folder == f
	})
	p.endRead()
}

// endRead says that one reader has done with the stream's history and its tail.
func (p *pin) endRead() {
	p.readers--
	if p.readers == 0 {
		p.tail = nil
	}
}

func newStateCache(capacity int) *stateCache {
	return &stateCache{
		capacity: capacity,
		streams:  map[StreamID]*list.Element{},
		recent:   list.New(),
		settled:  list.New(),
		pins:     map[StreamID]*pin{},
	}
}

// holds reports whether any state of the stream is cached.
func (c *stateCache) holds(stream StreamID) bool {
	_, ok := c.streams[stream]
	return ok
}

func (c *stateCache) get(stream StreamID, f folder) (cachedState, bool) {
	element, ok := c.streams[stream]
	if !ok {
		return cachedState{}, false
	}
	entry := element.Value.(*cachedStream)
	entry.list.MoveToFront(element)
	for _, s := range entry.states {
		if s.folder == f {
			c.hits++
			return s, true
		}
	}
	return cachedState{}, false
}

// put adds the state, unless a newer one is there.
func (c *stateCache) put(stream StreamID, s cachedState) {
	element, ok := c.streams[stream]
	if !ok {
		entry := &cachedStream{stream: stream, states: []cachedState{s}}
		c.sort(entry)
		c.evict()
		return
	}
	entry := element.Value.(*cachedStream)
	entry.put(s)
	c.sort(entry)
}

func (s *cachedStream) put(state cachedState) {
	for i := range s.states {
		if s.states[i].folder != state.folder {
			continue
		}
		if s.states[i].version < state.version {
			s.states[i] = state
		}
		return
	}
	s.states = append(s.states, state)
}

// sort puts the stream in front of the list where it belongs, if it is not in that list.
func (c *stateCache) sort(entry *cachedStream) {
	belongs := c.recent
	if entry.settled() {
		belongs = c.settled
	}
	if entry.list == belongs {
		return
	}
	if entry.list != nil {
		entry.list.Remove(c.streams[entry.stream])
	}
	entry.list = belongs
	c.streams[entry.stream] = belongs.PushFront(entry)
}

// evict makes room. While more streams are pinned than fit, the cache is larger than its capacity.
func (c *stateCache) evict() {
	few := max(1, c.capacity/settledShare)
	c.evictFrom(c.settled, func() bool { return c.settled.Len() > few || len(c.streams) > c.capacity })
	c.evictFrom(c.recent, func() bool { return len(c.streams) > c.capacity })
}

func (c *stateCache) evictFrom(streams *list.List, tooMany func() bool) {
	for oldest := streams.Back(); oldest != nil && tooMany(); {
		element := oldest
		oldest = oldest.Prev()
		if stream := element.Value.(*cachedStream).stream; c.pins[stream] == nil {
			c.forget(stream)
		}
	}
}

// absorb folds a committed event into the states of the stream, and leaves it to those who are reading the stream.
// Where that fails the stream is forgotten: whoever loads it again is told why.
func (c *stateCache) absorb(stream StreamID, version Version, event *Event, registry *Registry) {
	p := c.pins[stream]
	reading := p != nil && p.readers > 0
	if !reading && !c.holds(stream) {
		return
	}
	err := registry.Decode(event)
	if err == nil {
		err = c.apply(stream, version, event)
	}
	if err != nil {
		c.forget(stream)
	}
	if reading {
		p.tail = append(p.tail, *event)
	}
}

func (c *stateCache) apply(stream StreamID, version Version, event *Event) error {
	element, ok := c.streams[stream]
	if !ok {
		return nil
	}
	entry := element.Value.(*cachedStream)
	for i := range entry.states {
		if err := entry.states[i].advance(stream, version, event); err != nil {
			return err
		}
	}
	c.sort(entry)
	return nil
}

func (s *cachedState) advance(stream StreamID, version Version, event *Event) error {
	if version <= s.version {
		return nil
	}
	state, err := s.folder.apply(s.state, stream, event)
	if err != nil {
		return err
	}
	s.state, s.version = state, version
	return nil
}

// forget drops all states of the stream: they will be read from the store when they are needed again.
func (c *stateCache) forget(stream StreamID) {
	if element, ok := c.streams[stream]; ok {
		element.Value.(*cachedStream).list.Remove(element)
		delete(c.streams, stream)
	}
}

func (c *stateCache) pin(stream StreamID) *pin {
	p := c.pins[stream]
	if p == nil {
		p = &pin{}
		c.pins[stream] = p
	}
	return p
}

func (c *stateCache) unpin(streams []StreamID) {
	for _, stream := range streams {
		p := c.pins[stream]
		p.holders--
		if p.holders == 0 {
			delete(c.pins, stream)
		}
	}
	c.evict()
}
