// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"cmp"
	"time"
)

// Class is a kind of calls that fails, and is counted, apart from the others.
type Class int

// The classes.
const (
	// Undoing gives back what was done: it refunds, voids, cancels a shipment.
	Undoing Class = iota
	// LookingUp asks what became of a call, and fences it.
	LookingUp
	// Acting moves orders forward: it charges, authorises, captures, creates a shipment.
	Acting
)

// classes are all of them, the most urgent first: that is the order in which they share a rate limit.
var classes = [...]Class{Undoing, LookingUp, Acting}

// State is that of a circuit breaker.
type State string

// The states, as the resources show them.
const (
	// Closed lets all calls pass.
	Closed State = "Closed"
	// Open lets none pass.
	Open State = "Open"
	// HalfOpen lets a few pass, whose outcome closes or opens the circuit.
	HalfOpen State = "HalfOpen"
)

// Settings are how a provider is called. A zero field stands for its default.
type Settings struct {
	// Revision tells one configuration of the provider from another. With a new one, the circuits close: what failed
	// was the old one.
	Revision string
	// Timeout is how long the provider may take to answer; the engine's if 0.
	Timeout time.Duration
	// InitialBackoff and MaxBackoff bound how long an order waits after a failure: the span doubles from the one to the
	// other; 250 ms and 30 s if 0.
	InitialBackoff, MaxBackoff time.Duration
	// FailureThreshold is how many failures in a row open the circuit, 10 if 0, and OpenFor how long it then stays
	// open, 30 s if 0.
	FailureThreshold int
	OpenFor          time.Duration
	// RequestsPerSecond and Burst limit how often the provider is called: Burst times at once, and on average
	// RequestsPerSecond. There is no limit if RequestsPerSecond is 0; Burst is RequestsPerSecond if 0.
	RequestsPerSecond, Burst int
	// Concurrency is how many calls may be under way at once, 64 if 0 and at least 4. A quarter each is kept for
	// LookingUp and for Undoing.
	Concurrency int
}

// The defaults of Settings.
const (
	DefaultInitialBackoff   = 250 * time.Millisecond
	DefaultMaxBackoff       = 30 * time.Second
	DefaultFailureThreshold = 10
	DefaultOpenFor          = 30 * time.Second
	DefaultConcurrency      = 64
)

// WithDefaults returns the settings with no field zero that has a default.
func (s Settings) WithDefaults() Settings {
	s.InitialBackoff = cmp.Or(s.InitialBackoff, DefaultInitialBackoff)
	s.MaxBackoff = max(cmp.Or(s.MaxBackoff, DefaultMaxBackoff), s.InitialBackoff)
	s.FailureThreshold = cmp.Or(s.FailureThreshold, DefaultFailureThreshold)
	s.OpenFor = cmp.Or(s.OpenFor, DefaultOpenFor)
	s.Burst = cmp.Or(s.Burst, s.RequestsPerSecond)
	s.Concurrency = max(cmp.Or(s.Concurrency, DefaultConcurrency), 4)
	return s
}

// room is how many calls of the class may be under way at once.
func (s Settings) room(class Class) int {
	if kept := s.Concurrency / 4; class != Acting {
		return kept
	}
	return s.Concurrency - 2*(s.Concurrency/4)
}

// count is a number of the settings as the policies take it.
func count(n int) uint {
	return uint(max(n, 0))
}
