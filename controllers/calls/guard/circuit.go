// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// maxProbes is how many calls a half-open circuit lets pass before it knows: one success closes it, and so many failures
// open it again. It is more than one, because one order may fail whatever the provider is like.
const maxProbes = 3

// circuit is the circuit breaker of a class. It is opened by failures, and half-opened by the guard's clock.
type circuit struct {
	breaker circuitbreaker.CircuitBreaker[any]
	openFor time.Duration
	// since is when the state was reached; until is when it half-opens, if it is open.
	since, until time.Time
	// epoch counts the changes of state: what is heard of a call that was made in an earlier one says nothing new.
	epoch int
	// probes are under way.
	probes uint
}

func newCircuit(settings Settings, now time.Time) *circuit {
	return &circuit{
		breaker: circuitbreaker.NewBuilder[any]().
			WithFailureThreshold(count(settings.FailureThreshold)).
			WithSuccessThresholdRatio(1, maxProbes).
			Build(),
		openFor: settings.OpenFor,
		since:   now,
	}
}

func (c *circuit) state() State {
	switch c.breaker.State() {
	case circuitbreaker.OpenState:
		return Open
	case circuitbreaker.HalfOpenState:
		return HalfOpen
	case circuitbreaker.ClosedState:
	}
	return Closed
}

// admits reports whether another call may pass.
func (c *circuit) admits() bool {
	switch c.state() {
	case Closed:
		return true
	case HalfOpen:
		return c.probes+c.breaker.Metrics().Failures() < maxProbes
	case Open:
	}
	return false
}

// begin notes that a call passes, and returns the epoch in which its outcome counts.
func (c *circuit) begin() int {
	if c.state() == HalfOpen {
		c.probes++
	}
	return c.epoch
}

// end notes how a call has ended, and reports whether that has changed the state.
func (c *circuit) end(epoch int, result Result, now time.Time) (changed bool) {
	if epoch != c.epoch {
		return false
	}
	if c.probes > 0 {
		c.probes--
	}
	before := c.state()
	switch result {
	case Answered:
		c.breaker.RecordSuccess()
	case Failed:
		c.breaker.RecordFailure()
	case NotAsked:
	}
	return c.state() != before && c.changed(now)
}

// tick half-opens a circuit whose time has come, and reports whether it has.
func (c *circuit) tick(now time.Time) (changed bool) {
	if c.state() != Open || now.Before(c.until) {
		return false
	}
	c.breaker.HalfOpen()
	return c.changed(now)
}

func (c *circuit) changed(now time.Time) bool {
	c.epoch++
	c.probes = 0
	c.since, c.until = now, time.Time{}
	if c.state() == Open {
		c.until = now.Add(c.openFor)
	}
	return true
}
