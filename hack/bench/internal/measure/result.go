// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import "time"

// Result is what was measured.
type Result struct {
	// Operations were completed in the time.
	Operations int64
	Elapsed    time.Duration
	// Latency holds how long each took for its caller; it is empty where calls are not timed one by one.
	Latency Histogram
	// Delivery holds the time from a command's call to its event's delivery to a subscriber, where there is one.
	Delivery Histogram
	// Used holds what the operations have used together, by what it is: commits, milliseconds of CPU. It may be nil.
	Used map[string]float64
}

// Rate is how many operations were completed in a second.
func (r *Result) Rate() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Operations) / r.Elapsed.Seconds()
}

// Mean is the time that an operation took, in seconds: of one worker, the inverse of Rate.
func (r *Result) Mean() float64 {
	if r.Operations == 0 {
		return 0
	}
	return r.Elapsed.Seconds() / float64(r.Operations)
}

// Use notes what the operations have used of something.
func (r *Result) Use(what string, amount float64) {
	if r.Used == nil {
		r.Used = map[string]float64{}
	}
	r.Used[what] += amount
}

// Each is what an operation has used of something.
func (r *Result) Each(what string) float64 {
	if r.Operations == 0 {
		return 0
	}
	return r.Used[what] / float64(r.Operations)
}

// Add joins what was measured at the same time: operations add up, the time does not.
func (r *Result) Add(other *Result) {
	r.Operations += other.Operations
	r.Elapsed = max(r.Elapsed, other.Elapsed)
	r.Latency.Add(&other.Latency)
	r.Delivery.Add(&other.Delivery)
	for what, amount := range other.Used {
		r.Use(what, amount)
	}
}
