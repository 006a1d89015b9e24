// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
)

// rate limits how often a provider is called. A nil rate does not.
type rate struct {
	limiter ratelimiter.RateLimiter[any]
	// ready is when the permit that was reserved for the next call may be used, zero if none was.
	ready time.Time
}

func newRate(settings Settings) *rate {
	if settings.RequestsPerSecond == 0 {
		return nil
	}
	span := float64(settings.Burst) / float64(settings.RequestsPerSecond) * float64(time.Second)
	return &rate{limiter: ratelimiter.NewBursty[any](count(settings.Burst), max(time.Duration(span), 1))}
}

// take reports whether a call may be made now. If not, ready says when.
func (r *rate) take(now time.Time) bool {
	switch {
	case r == nil:
		return true
	case !r.ready.IsZero():
		if now.Before(r.ready) {
			return false
		}
		r.ready = time.Time{}
		return true
	}
	wait := r.limiter.ReservePermit()
	if wait > 0 {
		r.ready = now.Add(wait)
	}
	return wait == 0
}

// waits returns when the next call may be made, zero for now.
func (r *rate) waits() time.Time {
	if r == nil {
		return time.Time{}
	}
	return r.ready
}
