// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// The race detector has goroutines run in a random order, so that no seed makes the same run twice.
//go:build !race

package simulate

import "testing"

func TestTheSameSeedIsTheSameRun(t *testing.T) {
	const seeds = 5
	repeated := 0
	for s := uint64(1); s <= seeds; s++ {
		if repeats(t, s) {
			repeated++
		}
	}
	if repeated <= seeds/2 {
		t.Errorf("%d of %d seeds made five different runs each", seeds-repeated, seeds)
	}
	if play(t, Options{Seed: 1, Orders: 10}).Digest == play(t, Options{Seed: 2, Orders: 10}).Digest {
		t.Error("the seeds 1 and 2 made the same run")
	}
}

// repeats reports whether the seed makes the same run again. The operating system may stop a busy process in the middle
// of something that several goroutines are at, and change who is first: there are five tries.
func repeats(t *testing.T, seed uint64) bool {
	t.Helper()
	seen := map[uint64]bool{}
	for range 5 {
		digest := play(t, Options{Seed: seed, Orders: 10}).Digest
		if seen[digest] {
			return true
		}
		seen[digest] = true
	}
	return false
}
