// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Targets of the design.
const (
	// ofNull is what share of the null operator's orders ours carries out, and overNull how much longer an order may take.
	ofNull, overNull = 0.9, 1.3
	// statuses is how many status writes a fast order costs.
	statuses = 1
	// mebibytes is how many 10,000 cached orders may take.
	mebibytes = 40
	// slower is what a long history may cost: nothing but the noise of the measurement.
	slower = 1.1
)

func (b *bench) parts() []part {
	return []part{
		{Group: b.bursts(), rounds: b.settings.Rounds}, {Group: b.steady(), rounds: b.settings.Rounds},
		{Group: b.memory(), rounds: 1},
	}
}

// names of what is compared.
func (b *bench) names(load string) (nothing, little, much string) {
	return load + ": null operator", fmt.Sprintf("%s: ours, %s orders of history", load, compare.Count(b.settings.Little)),
		fmt.Sprintf("%s: ours, %s orders of history", load, compare.Count(b.settings.Much))
}

func (b *bench) workloads(name string, load func(length time.Duration) load) []compare.Workload {
	nothing, little, much := b.names(name)
	return []compare.Workload{
		b.workload(nothing, b.null, load), b.workload(little, b.little, load), b.workload(much, b.much, load),
	}
}

// bursts compares how many orders are carried out in a second when there are more than can be.
func (b *bench) bursts() compare.Group {
	name := fmt.Sprintf("burst of %d", b.settings.Burst)
	nothing, little, much := b.names(name)
	return compare.Group{
		Name: name, Workloads: b.workloads(name, func(time.Duration) load { return burst(b.settings.Burst) }),
		Rows: []compare.Row{
			{
				Name: name + ", orders/s : null operator",
				Ours: compare.Rate(little), Limit: compare.Rate(nothing), Target: compare.AtLeast(ofNull),
			}, {
				Name: name + ", orders/s with much history : little",
				Ours: compare.Rate(much), Limit: compare.Rate(little), Target: compare.AtLeast(0.9),
			},
		},
	}
}

// steady compares how long an order takes when the machine keeps up.
func (b *bench) steady() compare.Group {
	name := fmt.Sprintf("%d orders/s", rate)
	nothing, little, much := b.names(name)
	latency := func(share float64, percent string) compare.Row {
		return compare.Row{
			Name: name + ", " + percent + " : null operator", Target: compare.AtMost(overNull),
			Ours: compare.Latency(little, share), Limit: compare.Latency(nothing, share),
		}
	}
	return compare.Group{
		Name: name, Workloads: b.workloads(name, func(length time.Duration) load { return openLoop(rate, length) }),
		Rows: []compare.Row{
			latency(0.5, "p50"), latency(0.99, "p99"), {
				Name: name + ", status writes of an order : 1", Target: compare.AtMost(1),
				Ours: compare.Each(little, statusWrites), Limit: compare.Amount(statuses),
			}, {
				Name: name + ", p50 with much history : little", Target: compare.AtMost(slower),
				Ours: compare.Latency(much, 0.5), Limit: compare.Latency(little, 0.5),
			},
		},
	}
}

// memory compares what orders take in memory with what they may.
func (b *bench) memory() compare.Group {
	name := compare.Count(b.settings.Cached) + " orders cached"
	return compare.Group{
		Name: name,
		Workloads: []compare.Workload{{
			Name: name, Open: func(context.Context, *lab.Lab) (compare.Measure, error) {
				return func(ctx context.Context, _ time.Duration) (measure.Result, error) {
					return b.plant.measureMemory(ctx, &ours{name: "memory"}, b.settings.Cached)
				}, nil
			},
		}},
		Rows: []compare.Row{{
			Name: name + ", MiB of heap for 10,000", Limit: compare.Amount(mebibytes), Target: compare.AtMost(1),
			Ours: compare.Figure{
				Workload: name, Format: compare.Amount(0).Format,
				Of: func(r *measure.Result) float64 { return 10_000 * r.Each(heapMiB) },
			},
		}},
	}
}
