// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"sync"
	"time"
)

// Step is what a worker repeats. Workers count from 0.
type Step func(ctx context.Context, worker int) error

// Drive has workers repeat the step at the same time, each at least once and until the time is over, and waits for all.
// The first error ends it.
func Drive(ctx context.Context, workers int, length time.Duration, step Step) (Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	results := make([]Result, workers)
	begin := time.Now()
	end := begin.Add(length)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			if err := results[worker].repeat(ctx, worker, end, step); err != nil {
				stop(err)
			}
		})
	}
	group.Wait()
	total := Result{}
	for i := range results {
		total.Add(&results[i])
	}
	// The same time for all: the rate is that of the whole, to the end of the last operation.
	total.Elapsed = time.Since(begin)
	return total, context.Cause(ctx)
}

func (r *Result) repeat(ctx context.Context, worker int, end time.Time, step Step) error {
	// One look at the clock ends an operation and starts the next: it costs a noticeable part of the fastest ones.
	for before := time.Now(); ; {
		if err := step(ctx, worker); err != nil {
			return err
		}
		now := time.Now()
		r.Latency.Record(now.Sub(before))
		r.Operations++
		if !now.Before(end) || ctx.Err() != nil {
			return ctx.Err()
		}
		before = now
	}
}
