// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Group is what is measured in the same rounds.
type Group struct {
	Name      string
	Workloads []Workload
	// Beside names workloads that are measured with any row, although none compares with them.
	Beside []string
	Rows   []Row
}

// Workload is something to measure.
type Workload struct {
	Name string
	// Open prepares it in the lab, which is cleared when all rounds are over.
	Open func(ctx context.Context, lab *lab.Lab) (Measure, error)
}

// Measure works for about the time, and tells what was done. It is called once in every round.
type Measure func(ctx context.Context, length time.Duration) (measure.Result, error)

// Row compares two figures.
type Row struct {
	Name        string
	Ours, Limit Figure
	Target      Target
}

// Figure is a number that a workload gave in a round. A constant has no workload.
type Figure struct {
	Workload string
	Of       func(*measure.Result) float64
	Format   func(float64) string
}

// Rate is how many operations a second the workload completes.
func Rate(workload string) Figure {
	return Figure{Workload: workload, Of: (*measure.Result).Rate, Format: formatRate}
}

// Mean is how long an operation of a workload with one worker takes.
func Mean(workload string) Figure {
	return Figure{Workload: workload, Of: (*measure.Result).Mean, Format: formatSeconds}
}

// Latency is how long the share of the workload's operations take at most.
func Latency(workload string, share float64) Figure {
	return Figure{Workload: workload, Format: formatSeconds, Of: func(r *measure.Result) float64 {
		return r.Latency.Quantile(share).Seconds()
	}}
}

// Delivery is how long the share of the workload's events take at most until a subscriber has them.
func Delivery(workload string, share float64) Figure {
	return Figure{Workload: workload, Format: formatSeconds, Of: func(r *measure.Result) float64 {
		return r.Delivery.Quantile(share).Seconds()
	}}
}

// Each is what an operation of the workload uses of something: see measure.Result.Used.
func Each(workload, what string) Figure {
	return Figure{Workload: workload, Format: formatAmount, Of: func(r *measure.Result) float64 { return r.Each(what) }}
}

// Amount is a number that is no time.
func Amount(amount float64) Figure {
	return Figure{Format: formatAmount, Of: func(*measure.Result) float64 { return amount }}
}

// Constant is a duration measured elsewhere.
func Constant(d time.Duration) Figure {
	return Figure{Format: formatSeconds, Of: func(*measure.Result) float64 { return d.Seconds() }}
}

// Target is what the ratio of ours to the limit shall be.
type Target struct {
	Sign  string
	Bound float64
	met   func(ratio, bound float64) bool
}

// AtLeast is for rates.
func AtLeast(bound float64) Target {
	return Target{Sign: ">=", Bound: bound, met: func(ratio, bound float64) bool { return ratio >= bound }}
}

// AtMost is for times.
func AtMost(bound float64) Target {
	return Target{Sign: "<=", Bound: bound, met: func(ratio, bound float64) bool { return ratio <= bound }}
}

// Below is for times.
func Below(bound float64) Target {
	return Target{Sign: "<", Bound: bound, met: func(ratio, bound float64) bool { return ratio < bound }}
}
