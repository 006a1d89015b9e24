// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

// Options configure a Store. The zero value is right for nearly everybody.
type Options struct {
	// StoreID is the history's identity; random if zero.
	StoreID uuid.UUID
	// Limits bound one append; 4,096 stream memberships and 8 MiB of payloads if zero.
	Limits eventcore.Limits
}

// Store is an eventcore.Store in memory. All its methods may be called concurrently; readers and writers wait for
// each other only for the moment that an append takes.
type Store struct {
	limits eventcore.Limits
	tail   *tail.Tail

	mu       sync.RWMutex
	identity eventcore.Identity
	cluster  string // that it serves; empty at first
	log      eventLog
	streams  map[eventcore.StreamID]*stream
	models   map[string]*readModel
	// fenced are the appends that can never happen any more.
	fenced   map[uuid.UUID]struct{}
	commands map[string]eventcore.CommandRecord
	closed   bool
}

// stream is the index of one stream: the positions of its events. The one at index i has version i+1.
type stream struct {
	positions []eventcore.Position
}

var _ eventcore.Store = (*Store)(nil)

// New returns an empty store.
func New(options Options) *Store {
	if options.StoreID == uuid.Nil {
		options.StoreID = uuid.New()
	}
	if options.Limits == (eventcore.Limits{}) {
		options.Limits = tail.DefaultLimits
	}
	return &Store{
		identity: eventcore.Identity{StoreID: options.StoreID, Epoch: 1},
		limits:   options.Limits,
		tail:     tail.New(0),
		streams:  map[eventcore.StreamID]*stream{},
		models:   map[string]*readModel{},
		fenced:   map[uuid.UUID]struct{}{},
		commands: map[string]eventcore.CommandRecord{},
	}
}

// Append implements eventcore.Store. It needs no hint: looking at a guard costs less than the hint would save.
func (s *Store) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if err := ctx.Err(); err != nil {
		return eventcore.Appended{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return eventcore.Appended{}, eventcore.ErrClosed
	}
	if err := tail.Check(&request, s.limits, s.exists); err != nil {
		return eventcore.Appended{}, err
	}
	if _, fenced := s.fenced[request.ID]; fenced {
		return eventcore.Appended{}, eventcore.ErrFenced
	}
	conflicts, known := s.conflicts(request.Guards), s.known(request.Commands)
	if len(conflicts)+len(known) > 0 {
		return eventcore.Appended{}, &eventcore.ConflictError{Conflicts: conflicts, Commands: known}
	}
	previous := s.log.head
	events, err := tail.Place(request.Events, previous, s.join)
	if err != nil {
		return eventcore.Appended{}, err
	}
	first := request.ID
	for i := range events {
		s.log.add(events[i], first)
		first = uuid.Nil
	}
	s.record(request.Commands, events)
	s.tail.Publish(previous, events)
	return eventcore.Appended{Previous: previous, Events: events}, nil
}

func (s *Store) exists(id eventcore.StreamID) bool {
	return s.streams[id] != nil
}

func (s *Store) conflicts(guards []eventcore.Guard) []eventcore.Conflict {
	var conflicts []eventcore.Conflict
	for _, guard := range guards {
		version := eventcore.Version(0)
		if found := s.streams[guard.Stream]; found != nil {
			version = eventcore.Version(len(found.positions))
		}
		if version != guard.Version {
			conflict := eventcore.Conflict{Stream: guard.Stream, Expected: guard.Version, Actual: version}
			conflicts = append(conflicts, conflict)
		}
	}
	return conflicts
}

// join adds a position to a stream and returns the version that it gets there. It cannot fail.
func (s *Store) join(id eventcore.StreamID, position eventcore.Position) (eventcore.Version, error) {
	found := s.streams[id]
	if found == nil {
		found = &stream{}
		s.streams[id] = found
	}
	found.positions = append(found.positions, position)
	return eventcore.Version(len(found.positions)), nil
}

// Subscribe implements eventcore.Store.
func (s *Store) Subscribe(
	ctx context.Context, after eventcore.Position, filter eventcore.Filter,
) iter.Seq2[eventcore.Batch, error] {
	return s.tail.Subscribe(ctx, after, filter, s.Read, 0)
}

// Head implements eventcore.Store.
func (s *Store) Head(ctx context.Context) (eventcore.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return 0, eventcore.ErrClosed
	}
	return s.log.head, nil
}

// Followed implements eventcore.Follower.
func (s *Store) Followed() eventcore.Position {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.log.head
}

// ReadModel implements eventcore.Store.
func (s *Store) ReadModel(name string) (eventcore.ReadModel, error) {
	if err := eventcore.StreamID(name).Validate(); err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, eventcore.ErrClosed
	}
	model := s.models[name]
	if model == nil {
		model = &readModel{documents: map[string][]byte{}}
		s.models[name] = model
	}
	return model, nil
}

// Identity implements eventcore.Store.
func (s *Store) Identity() eventcore.Identity {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.identity
}

// Limits implements eventcore.Store.
func (s *Store) Limits() eventcore.Limits { return s.limits }

// Close implements eventcore.Store. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.tail.Close()
	return nil
}
