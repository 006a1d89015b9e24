// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"strings"

	"github.com/eventcore/order-operator/eventcore"
)

func requestContracts() []contract {
	return []contract{
		{"limits are at least 256 memberships and 512 KiB", leastLimits},
		{"an append at the limits is written", atTheLimits},
		{"an append above the limits is refused and writes nothing", aboveTheLimits},
		{"an invalid stream id is refused and nothing is written", invalidIDs},
		{"an event that names a stream twice is refused and nothing is written", duplicateStream},
		{"an event without a stream or a type is refused and nothing is written", incompleteEvent},
	}
}

func leastLimits(t reporter, store eventcore.Store) {
	if limits := store.Limits(); limits.Memberships < 256 || limits.Bytes < 512<<10 {
		t.Errorf("limits %+v are too low", limits)
	}
}

func atTheLimits(t reporter, store eventcore.Store) {
	limits := store.Limits()
	count := min(limits.Memberships, limits.Bytes/2)
	write(t, store, batch(count, 2, "a")...)
	write(t, store, batch(1, limits.Bytes, "a")...)
	if position := head(t, store); position != positionOf(count+1) {
		t.Errorf("head %d, want %d", position, count+1)
	}
	events := read(t, store, eventcore.Query{After: positionOf(count)})
	if len(events) != 1 || len(events[0].Data) != limits.Bytes {
		t.Errorf("the event as large as the limit did not come back whole")
	}
}

func aboveTheLimits(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	limits := store.Limits()
	_, err := try(t.Context(), store, nil, batch(limits.Memberships+1, 2, "a")...)
	expectRefusal(t, store, err, eventcore.ErrTooLarge, 1)
	_, err = try(t.Context(), store, nil, batch(limits.Memberships/2+1, 2, "a", "b")...)
	expectRefusal(t, store, err, eventcore.ErrTooLarge, 1)
	_, err = try(t.Context(), store, nil, batch(1, limits.Bytes+1, "a")...)
	expectRefusal(t, store, err, eventcore.ErrTooLarge, 1)
	_, err = try(t.Context(), store, nil, batch(2, limits.Bytes/2+1, "a")...)
	expectRefusal(t, store, err, eventcore.ErrTooLarge, 1)
}

func invalidIDs(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	ids := []eventcore.StreamID{
		"", " a", "a ", "a*", "a?", "[a]", "a\nb", "a\x00b", "\xff", eventcore.StreamID(strings.Repeat("x", 256)),
	}
	for _, id := range ids {
		_, err := try(t.Context(), store, nil, event("a"), event("a", id))
		expectRefusal(t, store, err, eventcore.ErrInvalidStreamID, 1)
		_, err = try(t.Context(), store, guards(guard(id, 0)), event("a"))
		expectRefusal(t, store, err, eventcore.ErrInvalidStreamID, 1)
	}
	if got := write(t, store, event("a")); got[0].Streams[0].Version != 2 {
		t.Errorf("the version after refused appends is %d, want 2", got[0].Streams[0].Version)
	}
}

func duplicateStream(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	_, err := try(t.Context(), store, nil, event("a"), event("a", "b", "a"))
	expectRefusal(t, store, err, nil, 1)
}

func incompleteEvent(t reporter, store eventcore.Store) {
	write(t, store, event("a"))
	_, err := try(t.Context(), store, nil, event("a"), event())
	expectRefusal(t, store, err, nil, 1)
	_, err = try(t.Context(), store, nil, event("a"), typed("", "a"))
	expectRefusal(t, store, err, nil, 1)
}
