// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// handleFaults are ways in which processes that share a database get in each other's way, each with the contract that
// must notice.
var handleFaults = map[string]struct {
	breakIt func(b *broken)
	caught  string
}{
	"the head is remembered, though others write": {
		rememberHead, "a head hint does not bypass the guards when another handle has written",
	},
	"what was told last is forgotten": {
		func(b *broken) {
			b.followed = func(position eventcore.Position) eventcore.Position { return position - 1 }
		},
		"a follower remembers what it has appended and what it has delivered",
	},
	"what a subscriber was told is forgotten": {
		forgetDeliveries, "a follower that writes nothing remembers what it has delivered",
	},
	"reads are served from a cache": {
		readThePast, "every handle sees at once what another has acknowledged",
	},
	"reads are served from a cache now and then": {
		readThePastSometimes, "what all handles do together is linearizable",
	},
	"of what others have appended, the last event is kept back": {
		tellTooLittle, "an append tells all that others have appended since the head hint, or nothing",
	},
	"the guards are checked before the append": {
		checkGuardsFirst, "no conflict between handles is lost, on written or on only read streams",
	},
	"two appends at one version succeed": {
		checkGuardsFirst, "of appends at the same version through any handle exactly one succeeds",
	},
	"guards on streams that are only read are ignored": {
		ignoreReadOnlyGuards, "what all handles do together is linearizable",
	},
	"a conflict is told of an append that has happened": {
		conflictAfterwards, "what all handles do together is linearizable",
	},
	"a subscription misses what is appended meanwhile": {
		missLiveEvents, "live readers on every handle see every event exactly once while all handles write",
	},
}

func TestTheSuiteCatchesBrokenHandles(t *testing.T) {
	for name, fault := range handleFaults {
		t.Run(name, func(t *testing.T) {
			contracts := handleContracts()
			index := slices.IndexFunc(contracts, func(c handleContract) bool { return c.name == fault.caught })
			if index < 0 {
				t.Fatalf("there is no contract %q", fault.caught)
			}
			onHandles := func(breakIt func(b *broken)) contract {
				return contract{fault.caught, func(t reporter, store eventcore.Store) {
					one, other := &broken{Store: store}, &broken{Store: store}
					breakIt(one)
					breakIt(other)
					contracts[index].check(t, []eventcore.Store{one, other})
				}}
			}
			if catches(t, onHandles(func(*broken) {}), memory.New(memory.Options{})) {
				t.Fatal("the contract fails before the handles are broken")
			}
			if !catches(t, onHandles(fault.breakIt), memory.New(memory.Options{})) {
				t.Errorf("%q passes", fault.caught)
			}
		})
	}
}

// rememberHead takes the head after this handle's last append for the head of the store.
func rememberHead(b *broken) {
	var known atomic.Uint64
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		if request.Head > 0 && request.Head == eventcore.Position(known.Load()) {
			request.Guards = nil
		}
		appended, err := b.Store.Append(ctx, request)
		if err == nil && len(appended.Events) > 0 {
			known.Store(uint64(appended.Events[len(appended.Events)-1].Position))
		}
		return appended, err
	}
}

// forgetDeliveries remembers nothing but what this handle has appended.
func forgetDeliveries(b *broken) {
	var known atomic.Uint64
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		appended, err := b.Store.Append(ctx, request)
		known.Store(uint64(appended.Previous) + uint64(len(appended.Events)))
		return appended, err
	}
	b.followed = func(eventcore.Position) eventcore.Position { return eventcore.Position(known.Load()) }
}

// readThePast reads up to the head that this handle has heard of.
func readThePast(b *broken) { readUpTo(b, func(int64) bool { return true }) }

func readThePastSometimes(b *broken) { readUpTo(b, func(reads int64) bool { return reads%4 == 3 }) }

func readUpTo(b *broken, stale func(reads int64) bool) {
	var known, reads atomic.Int64
	b.reading = func(ctx context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
		limit := eventcore.Position(known.Load())
		if !stale(reads.Add(1)) {
			limit = 1 << 62
		}
		if head, err := b.Head(ctx); err == nil {
			known.Store(int64(head))
		}
		return func(yield func(eventcore.Event, error) bool) {
			for event, err := range b.Store.Read(ctx, query) {
				if event.Position <= limit && !yield(event, err) {
					return
				}
			}
		}
	}
}

func conflictAfterwards(b *broken) {
	var appends atomic.Int64
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		appended, err := b.Store.Append(ctx, request)
		if err == nil && appends.Add(1)%8 == 0 {
			return eventcore.Appended{}, &eventcore.ConflictError{}
		}
		return appended, err
	}
}

// numbered gives out positions before it commits, as a database does whose sequence is no part of the transaction: the
// one called slow becomes visible when a reader has seen what follows it.
type numbered struct {
	mu        sync.Mutex
	overtaken chan struct{}
	overtake  sync.Once
	last      eventcore.Position
	versions  map[eventcore.StreamID]eventcore.Version
	visible   map[eventcore.Position]eventcore.Event
}

const slow = 101

func numberFirst(b *broken) {
	n := &numbered{
		versions: map[eventcore.StreamID]eventcore.Version{}, visible: map[eventcore.Position]eventcore.Event{},
		overtaken: make(chan struct{}),
	}
	b.appending = func(_ context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		events := n.number(request.Events)
		if events[0].Position == slow {
			<-n.overtaken
		}
		n.commit(events)
		return eventcore.Appended{Previous: events[0].Position - 1, Events: events}, nil
	}
	b.reading = n.read
}

func (n *numbered) number(pending []eventcore.Event) []eventcore.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	events := slices.Clone(pending)
	for i := range events {
		n.last++
		events[i].Position, events[i].Streams = n.last, slices.Clone(events[i].Streams)
		for j := range events[i].Streams {
			membership := &events[i].Streams[j]
			n.versions[membership.Stream]++
			membership.Version = n.versions[membership.Stream]
		}
	}
	return events
}

func (n *numbered) commit(events []eventcore.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, event := range events {
		n.visible[event.Position] = event
	}
}

func (n *numbered) read(_ context.Context, query eventcore.Query) iter.Seq2[eventcore.Event, error] {
	n.mu.Lock()
	defer n.mu.Unlock()
	visible := maps.Clone(n.visible)
	if _, found := visible[slow]; !found && len(visible) >= slow {
		n.overtake.Do(func() { close(n.overtaken) })
	}
	return func(yield func(eventcore.Event, error) bool) {
		for _, position := range slices.Sorted(maps.Keys(visible)) {
			event := visible[position]
			if position > query.After && query.Filter.Matches(&event) && !yield(event, nil) {
				return
			}
		}
	}
}

// tellTooLittle reads the tail before somebody else's last event.
func tellTooLittle(b *broken) {
	b.appending = func(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
		appended, err := b.Store.Append(ctx, request)
		for event, readErr := range b.Store.Read(ctx, eventcore.Query{After: request.Head}) {
			if readErr != nil || event.Position >= appended.Previous {
				break
			}
			appended.Tail = append(appended.Tail, event)
		}
		return appended, err
	}
}
