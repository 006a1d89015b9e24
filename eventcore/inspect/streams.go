// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/eventcore/order-operator/eventcore"
)

// Stream sums up one stream.
type Stream struct {
	ID eventcore.StreamID
	// Version is that of its last event, which is at the position Last; the first one is at First.
	Version     eventcore.Version
	First, Last eventcore.Position
}

// Streams returns the streams that the filter names, or all, in the order of their ids. It reads their events, whatever
// Filter.Types says.
func Streams(ctx context.Context, store eventcore.Store, filter eventcore.Filter) ([]Stream, error) {
	filter.Types = nil
	found := map[eventcore.StreamID]Stream{}
	for event, err := range store.Read(ctx, eventcore.Query{Filter: filter}) {
		if err != nil {
			return nil, fmt.Errorf("inspect streams: %w", err)
		}
		for _, membership := range event.Streams {
			if !filter.Matches(&eventcore.Event{Streams: []eventcore.Membership{membership}}) {
				continue
			}
			stream, seen := found[membership.Stream]
			if !seen {
				stream = Stream{ID: membership.Stream, First: event.Position}
			}
			stream.Version, stream.Last = membership.Version, event.Position
			found[membership.Stream] = stream
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Stream) int { return cmp.Compare(a.ID, b.ID) }), nil
}
