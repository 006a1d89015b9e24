// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore

import "time"

// Projection defines a read model: documents by key that are kept up to date from events.
type Projection struct {
	// Name is the read model's, with the rules of a StreamID. A new name starts from the first event.
	Name string
	// Filter selects the events, also those that were written when a type of Filter.Types had another name.
	Filter Filter
	// Apply changes the documents for one event, which is decoded. It is called in the order of positions by one
	// goroutine, and again after a crash for events whose changes were not saved. If it fails or panics, what it
	// changed for this event is undone.
	Apply func(documents *Documents, event *Event) error
	// Attempts is how often Apply is called at most for one event, with growing waits between; 0 is once.
	Attempts int
	// OnError is for events that Apply fails on in the end, and those whose data can't be decoded.
	OnError Policy
	// OnUnknown is for events of a type or a schema version that the registry does not hold.
	OnUnknown Policy
}

// Policy is what a Projector does about an event that it can't apply. docs/projections.md tells which to choose.
type Policy int

const (
	// Fail ends the projection before the event, with an error.
	Fail Policy = iota
	// Skip goes on after the event, for good.
	Skip
	// Park goes on, and keeps the event aside: see Projector.Parked.
	Park
)

const (
	firstBackoff = 100 * time.Millisecond
	mostBackoff  = 5 * time.Second
)

// backoff is 100 ms doubled with each attempt up to 5 s, of which jitter takes up to a half.
func backoff(attempts int, jitter float64) time.Duration {
	longest := firstBackoff
	for ; attempts > 1 && longest < mostBackoff; attempts-- {
		longest *= 2
	}
	longest = min(longest, mostBackoff)
	return longest/2 + time.Duration(jitter*float64(longest/2))
}
