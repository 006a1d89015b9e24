// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/eventcore"
)

// RunPatterns holds a store to the semantics of Filter.Patterns. open is that of Run.
func RunPatterns(t *testing.T, open func(t *testing.T) eventcore.Store) {
	t.Helper()
	runAll(t, patternContracts(), open)
	t.Run("random patterns select what a model does", func(t *testing.T) {
		store := open(t)
		events := make([]eventcore.Event, 0, 2*len(patternLetters)*len(patternLetters))
		for _, first := range patternLetters {
			for _, second := range patternLetters {
				id := eventcore.StreamID(first + second)
				events = append(events, write(t, store, event(id), event(id+"/"+eventcore.StreamID(first), "other"))...)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			filter := eventcore.Filter{Patterns: []eventcore.Pattern{drawPattern(t)}}
			filter.Prefixes = rapid.SliceOfN(rapid.SampledFrom([]string{"ab", "o"}), 0, 1).Draw(t, "prefixes")
			var want []eventcore.Event
			for _, event := range events {
				if filter.Matches(&event) {
					want = append(want, event)
				}
			}
			expectEvents(t, fmt.Sprint(filter), read(t, store, eventcore.Query{Filter: filter}), want)
		})
	})
}

var patternLetters = []string{"a", "b", "A", "ä", "-", "!"}

func drawPattern(t *rapid.T) eventcore.Pattern {
	element := rapid.SampledFrom([]string{"a", "b", "ä", "/", "*", "?", "[ab]", "[!a]", "[a-b]", "[A-ä]", "[!-]"})
	pattern, err := eventcore.NewPattern(strings.Join(rapid.SliceOfN(element, 1, 4).Draw(t, "pattern"), ""))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return pattern
}

func patternContracts() []contract {
	return []contract{
		{"a pattern matches whole ids", patternWhole},
		{"a pattern combines with streams, prefixes and types", patternCombined},
		{"a pattern over many streams yields every event once", patternMany},
		{"a subscriber gets what its pattern matches", patternSubscription},
	}
}

func patterns(t reporter, globs ...string) eventcore.Filter {
	t.Helper()
	filter := eventcore.Filter{}
	for _, glob := range globs {
		pattern, err := eventcore.NewPattern(glob)
		if err != nil {
			t.Fatalf("%v", err)
		}
		filter.Patterns = append(filter.Patterns, pattern)
	}
	return filter
}

func patternWhole(t reporter, store eventcore.Store) {
	write(t, store,
		event("order-a/1"), event("order-a/12"), event("order-aggregate"), event("my-order-a/1"), event("Order-a/1"),
		event("order-_/1"), event("order-%/1"),
	)
	expectMatches(t, store, patterns(t, "order-*/*"), 1, 2, 6, 7)
	expectMatches(t, store, patterns(t, "order-?/?"), 1, 6, 7)
	expectMatches(t, store, patterns(t, "*order-a*"), 1, 2, 3, 4)
	expectMatches(t, store, patterns(t, "[oO]rder-[a-z]/1"), 1, 5)
	expectMatches(t, store, patterns(t, "order-[!a]/1"), 6, 7)
	expectMatches(t, store, patterns(t, "order-aggregate"), 3)
	expectMatches(t, store, patterns(t, "order-_/1", "order-%/?"), 6, 7)
	expectMatches(t, store, patterns(t, "order"))
	expectMatches(t, store, patterns(t, "*"), 1, 2, 3, 4, 5, 6, 7)
	expectMatches(t, store, eventcore.Filter{Patterns: []eventcore.Pattern{{}}})
}

func patternCombined(t reporter, store eventcore.Store) {
	write(t, store, typed("A", "x-1"), typed("B", "x-1"), typed("A", "y"), typed("A", "z-1", "x-2"), typed("A", "w"))
	filter := patterns(t, "x-?")
	filter.Types = []string{"A"}
	expectMatches(t, store, filter, 1, 4)
	filter.Streams, filter.Prefixes = []eventcore.StreamID{"y"}, []string{"z"}
	expectMatches(t, store, filter, 1, 3, 4)
	got := read(t, store, eventcore.Query{After: 1, Filter: filter, Limit: 1})
	if len(got) != 1 || got[0].Position != 3 {
		t.Errorf("the first after position 1 is at %v, want 3", positions(got))
	}
}

func patternMany(t reporter, store eventcore.Store) {
	var events []eventcore.Event
	for i := range 300 {
		events = append(events, event(eventcore.StreamID(fmt.Sprintf("many-%03d/even-%d", i, i%2)), "all"))
	}
	events = write(t, store, events...)
	var odd []eventcore.Event
	for i := 1; i < len(events); i += 2 {
		odd = append(odd, events[i])
	}
	expectEvents(t, "half of 300 streams", read(t, store, eventcore.Query{Filter: patterns(t, "many-*/even-1")}), odd)
	expectEvents(t, "one of 300", read(t, store, eventcore.Query{Filter: patterns(t, "many-*9/even-1")}), every(odd, 5, 4))
}

// every returns each step-th event, from the index first on.
func every(events []eventcore.Event, step, first int) []eventcore.Event {
	var kept []eventcore.Event
	for i := first; i < len(events); i += step {
		kept = append(kept, events[i])
	}
	return kept
}

func patternSubscription(t reporter, store eventcore.Store) {
	want := write(t, store, event("a-1"), event("b-1"), event("a-2"))
	want = append(want, write(t, store, event("b-2"), event("a-3"))...)
	filter := patterns(t, "a-[1-9]")
	expectEvents(t, "subscription", follow(t, store, 0, filter, 5), []eventcore.Event{want[0], want[2], want[4]})
}
