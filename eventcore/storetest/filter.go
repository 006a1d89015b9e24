// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
)

func filterContracts() []contract {
	return []contract{
		{"a stream filter yields the events of all its streams, each once", filterStreams},
		{"a prefix matches at the start of an id only", prefixNotSubstring},
		{"a prefix is literal: _ and % and quotes match themselves", prefixLiteral},
		{"a prefix is case-sensitive", prefixCase},
		{"a prefix may end in any byte and may be empty", prefixBytes},
		{"an event is delivered once though several of its streams match", deliveredOnce},
		{"types, streams and prefixes combine", combinedFilters},
		{"the limit counts events that match", limitAfterFilters},
		{"filters over hundreds of streams yield every event once", manyStreams},
	}
}

func expectMatches(t reporter, store eventcore.Store, filter eventcore.Filter, want ...eventcore.Position) {
	t.Helper()
	got := read(t, store, eventcore.Query{Filter: filter})
	if fmt.Sprint(positions(got)) != fmt.Sprint(want) {
		t.Errorf("filter %+v yields the positions %v, want %v", filter, positions(got), want)
	}
}

func filterStreams(t reporter, store eventcore.Store) {
	write(t, store, event("a"), event("b"), event("c"), event("a", "c"), event("b"))
	expectMatches(t, store, streams("a"), 1, 4)
	expectMatches(t, store, streams("c", "a"), 1, 3, 4)
	expectMatches(t, store, streams("a", "a", "never"), 1, 4)
	expectMatches(t, store, streams("a", "b", "c"), 1, 2, 3, 4, 5)
}

func prefixNotSubstring(t reporter, store eventcore.Store) {
	write(t, store, event("account-1"), event("my-account-1"), event("account"), event("accounting"), event("account-2"))
	expectMatches(t, store, prefixes("account-"), 1, 5)
	expectMatches(t, store, prefixes("account"), 1, 3, 4, 5)
	expectMatches(t, store, prefixes("account-1 and more"))
}

func prefixLiteral(t reporter, store eventcore.Store) {
	write(t, store, event("a_1"), event("ax1"), event("a%1"), event("a\\1"), event("a'1"), event("aXY1"))
	expectMatches(t, store, prefixes("a_"), 1)
	expectMatches(t, store, prefixes("a%"), 3)
	expectMatches(t, store, prefixes(`a\`), 4)
	expectMatches(t, store, prefixes("a'"), 5)
	expectMatches(t, store, prefixes("_"))
	expectMatches(t, store, prefixes("%"))
	expectMatches(t, store, prefixes("a?"))
	expectMatches(t, store, prefixes("a*"))
	expectMatches(t, store, prefixes("[a]"))
}

func prefixCase(t reporter, store eventcore.Store) {
	write(t, store, event("Order-1"), event("order-1"), event("ORDER-1"), event("Ökonomie"), event("ökonomie"))
	expectMatches(t, store, prefixes("Order-"), 1)
	expectMatches(t, store, prefixes("order-"), 2)
	expectMatches(t, store, prefixes("ö"), 5)
}

func prefixBytes(t reporter, store eventcore.Store) {
	write(t, store, event("a\u00ff"), event("a\U0010FFFF"), event("a"), event("b"))
	expectMatches(t, store, prefixes("a\u00ff"), 1)
	expectMatches(t, store, prefixes("a\U0010FFFF"), 2)
	expectMatches(t, store, prefixes("a\xc3"), 1)
	expectMatches(t, store, prefixes("\xff"))
	expectMatches(t, store, prefixes(""), 1, 2, 3, 4)
	expectMatches(t, store, prefixes("b", ""), 1, 2, 3, 4)
}

func deliveredOnce(t reporter, store eventcore.Store) {
	write(t, store, event("order-aggregate", "order-1", "stock-1", "stock-2"), event("other"))
	expectMatches(t, store, prefixes("order-"), 1)
	expectMatches(t, store, prefixes("order-", "stock-", "order-1"), 1)
	expectMatches(t, store, streams("order-1", "stock-1", "stock-2"), 1)
	expectMatches(t, store, eventcore.Filter{Streams: []eventcore.StreamID{"order-1"}, Prefixes: []string{"stock-"}}, 1)
}

func combinedFilters(t reporter, store eventcore.Store) {
	write(t, store,
		typed("A", "x-1"), typed("B", "x-1"), typed("A", "y-1"), typed("A", "z"), typed("C", "z"), typed("a", "z"),
		typed("B", "w"),
	)
	expectMatches(t, store, eventcore.Filter{Types: []string{"A"}}, 1, 3, 4)
	expectMatches(t, store, eventcore.Filter{Types: []string{"A", "C"}}, 1, 3, 4, 5)
	expectMatches(t, store, eventcore.Filter{Types: []string{"None"}})
	expectMatches(t, store, eventcore.Filter{Types: []string{"B"}, Prefixes: []string{"x-"}}, 2)
	all := eventcore.Filter{Types: []string{"A"}, Streams: []eventcore.StreamID{"z"}, Prefixes: []string{"y"}}
	expectMatches(t, store, all, 3, 4)
	expectMatches(t, store, eventcore.Filter{Streams: []eventcore.StreamID{"w"}, Prefixes: []string{"x-"}}, 1, 2, 7)
}

func limitAfterFilters(t reporter, store eventcore.Store) {
	write(t, store, batch(50, 2, "noise")...)
	write(t, store, typed("Wanted", "a"), event("noise"), typed("Wanted", "a"), event("a"), typed("Wanted", "a"))
	for _, filter := range []eventcore.Filter{
		{Types: []string{"Wanted"}}, {Types: []string{"Wanted"}, Streams: []eventcore.StreamID{"a"}},
		{Types: []string{"Wanted"}, Prefixes: []string{"a"}},
	} {
		got := read(t, store, eventcore.Query{Filter: filter, Limit: 2})
		if fmt.Sprint(positions(got)) != "[51 53]" {
			t.Errorf("filter %+v with limit 2 yields the positions %v, want 51 and 53", filter, positions(got))
		}
	}
}

func manyStreams(t reporter, store eventcore.Store) {
	ids := make([]eventcore.StreamID, 300)
	var events []eventcore.Event
	for i := range ids {
		ids[i] = eventcore.StreamID(fmt.Sprintf("many-%03d", i))
		events = append(events, event(ids[i], ids[(i*7)%max(i, 1)]))
		if i == 0 {
			events[0] = event(ids[0])
		}
	}
	events = append(write(t, store, events...), write(t, store, batch(300, 2, "noise")...)...)
	expectEvents(t, "300 streams", read(t, store, eventcore.Query{Filter: streams(ids...)}), events[:300])
	expectEvents(t, "a prefix of 300 streams", read(t, store, eventcore.Query{Filter: prefixes("many-")}), events[:300])
	both := eventcore.Filter{Streams: ids[:200], Prefixes: []string{"many-2", "noise"}}
	expectEvents(t, "both", read(t, store, eventcore.Query{Filter: both}), events)
}
