// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func TestDriveCountsEveryStepOfEveryWorker(t *testing.T) {
	counts := [4]atomic.Int64{}
	result, err := Drive(t.Context(), len(counts), time.Millisecond, func(_ context.Context, worker int) error {
		counts[worker].Add(1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for worker := range counts {
		count := counts[worker].Load()
		if count == 0 {
			t.Errorf("worker %d did nothing", worker)
		}
		total += count
	}
	if result.Operations != total || result.Latency.Count() != uint64(total) {
		t.Errorf("got %d operations and %d latencies of %d", result.Operations, result.Latency.Count(), total)
	}
}

func TestDriveEndsAtTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	_, err := Drive(t.Context(), 4, time.Hour, func(ctx context.Context, worker int) error {
		if worker == 3 {
			return broken
		}
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
