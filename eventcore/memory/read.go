// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"
	"iter"
	"slices"

	"github.com/eventcore/order-operator/eventcore"
)

// contextEvery is the number of events scanned between two looks at the context.
const contextEvery = 512

// Read implements eventcore.Store. Streams are found by their index; prefixes, patterns and types scan the log.
func (s *Store) Read(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	return func(yield func(eventcore.Event, error) bool) {
		log, positions, err := s.snapshot(query)
		if err != nil {
			yield(eventcore.Event{}, err)
			return
		}
		scanned, matched := 0, 0
		for position := range positions {
			if scanned%contextEvery == 0 && ctx.Err() != nil {
				yield(eventcore.Event{}, ctx.Err())
				return
			}
			scanned++
			event := log.at(position)
			if !query.Filter.Matches(event) {
				continue
			}
			matched++
			if !yield(*event, nil) || matched == query.Limit {
				return
			}
		}
		if scanned == 0 && ctx.Err() != nil {
			yield(eventcore.Event{}, ctx.Err())
		}
	}
}

// snapshot returns the log as it is now, and the positions in it at which the query has to look.
func (s *Store) snapshot(query eventcore.Query) (eventLog, iter.Seq[eventcore.Position], error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return eventLog{}, nil, eventcore.ErrClosed
	}
	if len(query.Filter.Streams) == 0 || len(query.Filter.Prefixes)+len(query.Filter.Patterns) > 0 {
		return s.log, after(query.After, s.log.head), nil
	}
	indexes := make([][]eventcore.Position, 0, len(query.Filter.Streams))
	for _, id := range query.Filter.Streams {
		found := s.streams[id]
		if found == nil {
			continue
		}
		first, _ := slices.BinarySearch(found.positions, query.After+1)
		if first < len(found.positions) {
			indexes = append(indexes, found.positions[first:])
		}
	}
	return s.log, merge(indexes), nil
}

// after yields the positions after the first up to head.
func after(first, head eventcore.Position) iter.Seq[eventcore.Position] {
	return func(yield func(eventcore.Position) bool) {
		for position := first; position < head; position++ {
			if !yield(position + 1) {
				return
			}
		}
	}
}

// merge yields each position that is in one of the non-empty ascending lists once, in ascending order.
func merge(lists [][]eventcore.Position) iter.Seq[eventcore.Position] {
	return func(yield func(eventcore.Position) bool) {
		lists := slices.Clone(lists)
		for len(lists) > 0 {
			next := lists[0][0]
			for _, list := range lists[1:] {
				next = min(next, list[0])
			}
			for i, list := range lists {
				if list[0] == next {
					lists[i] = list[1:]
				}
			}
			lists = slices.DeleteFunc(lists, func(list []eventcore.Position) bool { return len(list) == 0 })
			if !yield(next) {
				return
			}
		}
	}
}
