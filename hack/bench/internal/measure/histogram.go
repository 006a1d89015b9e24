// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// halfBits says how finely a histogram tells values apart: to 1 part in 1<<halfBits.
const halfBits = 7

const half = 1 << halfBits

// Histogram counts durations in buckets whose width grows with the duration, like HDR histograms: a quantile is at most
// 0.8% above the true one, whatever its size. The zero value is empty. It is not safe for concurrent use.
type Histogram struct {
	buckets []uint64
	count   uint64
	longest time.Duration
}

// Record counts a duration.
func (h *Histogram) Record(d time.Duration) {
	bucket := bucketOf(d)
	if bucket >= len(h.buckets) {
		h.buckets = append(h.buckets, make([]uint64, bucket+1-len(h.buckets))...)
	}
	h.buckets[bucket]++
	h.count++
	h.longest = max(h.longest, d)
}

// Add counts everything that the other histogram has counted.
func (h *Histogram) Add(other *Histogram) {
	if missing := len(other.buckets) - len(h.buckets); missing > 0 {
		h.buckets = append(h.buckets, make([]uint64, missing)...)
	}
	for bucket, count := range other.buckets {
		h.buckets[bucket] += count
	}
	h.count += other.count
	h.longest = max(h.longest, other.longest)
}

// histogram is a Histogram as another process is told of it: most buckets are empty.
type histogram struct {
	Buckets map[int]uint64 `json:"buckets"`
	Longest time.Duration  `json:"longest"`
}

// MarshalJSON implements json.Marshaler.
func (h Histogram) MarshalJSON() ([]byte, error) {
	told := histogram{Buckets: map[int]uint64{}, Longest: h.longest}
	for bucket, count := range h.buckets {
		if count > 0 {
			told.Buckets[bucket] = count
		}
	}
	return json.Marshal(told)
}

// UnmarshalJSON implements json.Unmarshaler.
func (h *Histogram) UnmarshalJSON(text []byte) error {
	told := histogram{}
	if err := json.Unmarshal(text, &told); err != nil {
		return err
	}
	*h = Histogram{longest: told.Longest}
	for bucket, count := range told.Buckets {
		if bucket < 0 || bucket > bucketOf(math.MaxInt64) {
			return fmt.Errorf("bucket %d: there is no such bucket", bucket)
		}
		if bucket >= len(h.buckets) {
			h.buckets = append(h.buckets, make([]uint64, bucket+1-len(h.buckets))...)
		}
		h.buckets[bucket] = count
		h.count += count
	}
	return nil
}

// Count is how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.count }

// Longest is the longest duration recorded, exactly.
func (h *Histogram) Longest() time.Duration { return h.longest }

// Quantile returns a duration that the share of all recorded ones, from 0 to 1, does not exceed; 0 if there are none.
func (h *Histogram) Quantile(share float64) time.Duration {
	rank := max(1, uint64(math.Ceil(share*float64(h.count))))
	for bucket, count := range h.buckets {
		if count >= rank {
			return min(upper(bucket), h.longest)
		}
		rank -= count
	}
	return h.longest
}

// bucketOf returns the bucket of a duration. The first 2*half hold one nanosecond each; after that, each doubling of
// the duration has half buckets.
func bucketOf(d time.Duration) int {
	value := uint64(max(d, 0))
	shift := bits.Len64(value) - halfBits - 1
	if shift <= 0 {
		return int(value) //nolint:gosec // below 2*half
	}
	return shift*half + int(value>>shift) //nolint:gosec // below 2*half
}

// upper is the longest duration of the bucket.
func upper(bucket int) time.Duration {
	if bucket < 2*half {
		return time.Duration(bucket)
	}
	shift := bucket/half - 1
	return time.Duration((bucket-shift*half+1)<<shift - 1)
}
