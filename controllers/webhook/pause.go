// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
)

// maxPause bounds what a provider may ask for: nobody stops the orders for a day.
const maxPause = time.Minute

// pause keeps a provider from being called before the time that its Retry-After named.
type pause struct{ until atomic.Int64 }

// check returns calls.ErrUnavailable during a pause: who is not asked does nothing.
func (p *pause) check(now time.Time) error {
	if left := time.Duration(p.until.Load() - now.UnixNano()); left > 0 {
		return fmt.Errorf("%w: it asked not to be called for another %s", calls.ErrUnavailable, left.Round(time.Millisecond))
	}
	return nil
}

// note begins a pause if the reply asks for one. Overlapping ones end with the last.
func (p *pause) note(now time.Time, code int, header http.Header) {
	if code != http.StatusTooManyRequests && code != http.StatusServiceUnavailable {
		return
	}
	span := min(retryAfter(now, header.Get("Retry-After")), maxPause)
	if span <= 0 {
		return
	}
	for until := now.Add(span).UnixNano(); ; {
		known := p.until.Load()
		if known >= until || p.until.CompareAndSwap(known, until) {
			return
		}
	}
}

// retryAfter reads seconds or an HTTP date, and anything else as nothing.
func retryAfter(now time.Time, text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now)
	}
	return 0
}
