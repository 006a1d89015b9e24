// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/eventcore"
)

var (
	modelStreams  = []eventcore.StreamID{"order-1", "order_1", "Order-1", "order-aggregate", "stock's/ü"}
	modelPrefixes = []string{"", "order", "order-", "order_", "Order-", "o", "stock's", "order-1x"}
	modelTypes    = []string{"A", "B", "a"}
)

// runModel holds stores against a model through random histories.
func runModel(t *testing.T, open func(t *testing.T) eventcore.Store) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{store: open(t), versions: map[eventcore.StreamID]eventcore.Version{}}
		defer func() {
			if err := m.store.Close(); err != nil {
				rt.Errorf("close: %v", err)
			}
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"append": m.append, "append again": m.append, "read": m.read, "subscribe": m.subscribe, "": m.invariant,
		})
	})
}

// machine drives a store and the simplest possible model of it: a list of events.
type machine struct {
	store    eventcore.Store
	events   []eventcore.Event
	versions map[eventcore.StreamID]eventcore.Version
}

func (m *machine) append(t *rapid.T) {
	head := eventcore.Position(len(m.events))
	request := eventcore.AppendRequest{ID: uuid.New(), Guards: m.drawGuards(t), Events: m.drawEvents(t)}
	var conflicts []eventcore.Conflict
	for _, guard := range request.Guards {
		if actual := m.versions[guard.Stream]; actual != guard.Version {
			conflicts = append(conflicts, eventcore.Conflict{Stream: guard.Stream, Expected: guard.Version, Actual: actual})
		}
	}
	hints := []eventcore.Position{0, head + 1, max(head, 1) - 1}
	if len(conflicts) == 0 {
		hints = append(hints, head)
	} else {
		hints = slices.DeleteFunc(hints, func(hint eventcore.Position) bool { return hint == head && hint > 0 })
	}
	request.Head = rapid.SampledFrom(hints).Draw(t, "hint")
	appended, err := m.store.Append(t.Context(), request)
	if len(conflicts) > 0 {
		conflict, ok := errors.AsType[*eventcore.ConflictError](err)
		if !ok || !slices.Equal(conflict.Conflicts, conflicts) {
			t.Fatalf("append returned %v, want the conflicts %+v", err, conflicts)
		}
		return
	}
	if err != nil || appended.Previous != head {
		t.Fatalf("append returned the head before %d and %v, want %d", appended.Previous, err, head)
	}
	want := m.place(request.Events)
	expectEvents(t, "appended", appended.Events, want)
	m.events = append(m.events, want...)
}

// place counts positions and versions on.
func (m *machine) place(events []eventcore.Event) []eventcore.Event {
	placed := slices.Clone(events)
	for i := range placed {
		placed[i].Position = eventcore.Position(len(m.events) + i + 1)
		placed[i].Streams = slices.Clone(placed[i].Streams)
		for j := range placed[i].Streams {
			stream := placed[i].Streams[j].Stream
			m.versions[stream]++
			placed[i].Streams[j].Version = m.versions[stream]
		}
	}
	return placed
}

func (m *machine) read(t *rapid.T) {
	query := eventcore.Query{After: m.drawAfter(t), Filter: drawFilter(t), Limit: rapid.IntRange(0, 6).Draw(t, "limit")}
	want := m.matching(query.After, query.Filter)
	if query.Limit > 0 {
		want = want[:min(query.Limit, len(want))]
	}
	expectEvents(t, "read", read(t, m.store, query), want)
}

func (m *machine) subscribe(t *rapid.T) {
	after, filter := m.drawAfter(t), drawFilter(t)
	head := eventcore.Position(len(m.events))
	if after >= head {
		return
	}
	expectEvents(t, "subscription", follow(t, m.store, after, filter, head), m.matching(after, filter))
}

func (m *machine) invariant(t *rapid.T) {
	if position := head(t, m.store); position != eventcore.Position(len(m.events)) {
		t.Fatalf("head %d, want %d", position, len(m.events))
	}
}

func (m *machine) matching(after eventcore.Position, filter eventcore.Filter) []eventcore.Event {
	var events []eventcore.Event
	for _, event := range m.events {
		if event.Position > after && filter.Matches(&event) {
			events = append(events, event)
		}
	}
	return events
}

func (m *machine) drawAfter(t *rapid.T) eventcore.Position {
	return positionOf(rapid.IntRange(0, len(m.events)+1).Draw(t, "after"))
}

func (m *machine) drawGuards(t *rapid.T) []eventcore.Guard {
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom(modelStreams), 0, 3, rapid.ID[eventcore.StreamID]).Draw(t, "guards")
	held := make([]eventcore.Guard, 0, len(ids))
	for _, id := range ids {
		off := rapid.SampledFrom([]eventcore.Version{0, 0, 0, 1}).Draw(t, "ahead")
		behind := rapid.SampledFrom([]eventcore.Version{0, 0, 0, 1}).Draw(t, "behind")
		held = append(held, guard(id, max(m.versions[id]+off, behind)-behind))
	}
	return held
}

func (m *machine) drawEvents(t *rapid.T) []eventcore.Event {
	events := make([]eventcore.Event, rapid.IntRange(0, 4).Draw(t, "events"))
	for i := range events {
		ids := rapid.SliceOfNDistinct(rapid.SampledFrom(modelStreams), 1, 3, rapid.ID[eventcore.StreamID]).Draw(t, "streams")
		events[i] = typed(rapid.SampledFrom(modelTypes).Draw(t, "type"), ids...)
		events[i].Data = []byte(rapid.StringN(1, 20, -1).Draw(t, "data"))
	}
	return events
}

func drawFilter(t *rapid.T) eventcore.Filter {
	return eventcore.Filter{
		Streams:  rapid.SliceOfN(rapid.SampledFrom(modelStreams), 0, 3).Draw(t, "streams"),
		Prefixes: rapid.SliceOfN(rapid.SampledFrom(modelPrefixes), 0, 2).Draw(t, "prefixes"),
		Types:    rapid.SliceOfN(rapid.SampledFrom(modelTypes), 0, 2).Draw(t, "types"),
	}
}
