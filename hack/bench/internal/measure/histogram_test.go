// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketsFollowEachOther(t *testing.T) {
	for bucket := range 50 * half {
		last := upper(bucket)
		if bucketOf(last) != bucket || bucketOf(last+1) != bucket+1 {
			t.Fatalf("bucket %d ends at %d, which is in %d, and %d is in %d",
				bucket, last, bucketOf(last), last+1, bucketOf(last+1))
		}
	}
}

func TestQuantilesAreAtMostOnePercentAbove(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	parts := [2]Histogram{}
	durations := make([]time.Duration, 100_000)
	for i := range durations {
		durations[i] = time.Duration(random.ExpFloat64() * float64(time.Millisecond))
		parts[i%2].Record(durations[i])
	}
	whole := Histogram{}
	whole.Add(&parts[0])
	whole.Add(&parts[1])
	slices.Sort(durations)
	for _, share := range []float64{0.001, 0.5, 0.95, 0.99, 0.9999, 1} {
		want := durations[max(0, int(share*float64(len(durations)))-1)]
		if got := whole.Quantile(share); got < want || float64(got) > 1.01*float64(want)+1 {
			t.Errorf("quantile %v: got %v, want %v", share, got, want)
		}
	}
	if longest := durations[len(durations)-1]; whole.Longest() != longest || whole.Quantile(1) != longest {
		t.Errorf("longest: got %v and %v, want %v", whole.Longest(), whole.Quantile(1), longest)
	}
}

func TestAnEmptyHistogramHasNoQuantiles(t *testing.T) {
	if got := new(Histogram).Quantile(0.99); got != 0 {
		t.Errorf("got %v", got)
	}
}
