// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"errors"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Retries wait a random part of a span that doubles from firstBackoff to maxBackoff with every failure, and then, when
// all this takes hours, stays at longBackoff. What only a person can mend is tried from slowBackoff to slowestBackoff
// apart.
const (
	firstBackoff   = 250 * time.Millisecond
	maxBackoff     = 30 * time.Second
	longBackoff    = 5 * time.Minute
	longAfter      = 20
	slowBackoff    = time.Minute
	slowestBackoff = time.Hour
)

// outcome returns what records how a try ended.
func (e *Engine) outcome(o *Operation, order saga.Order, call saga.Call, success any, err error) record {
	if err == nil {
		return record{call: call, outcome: success, success: true}
	}
	status := o.status(order)
	if refusal, ok := asRefusal(err); ok {
		return record{call: call, outcome: o.Refused(order, call, refusal)}
	}
	if isFenced(err) {
		return record{call: call, outcome: e.retry(o, call, messageFenced, true, e.backoff(status.Failures+1))}
	}
	if errors.Is(err, ErrUnavailable) || errors.Is(err, ErrMisconfigured) {
		message, wait := e.failure(err, status)
		return record{call: call, outcome: e.retry(o, call, message, false, wait)}
	}
	return record{call: call, outcome: e.unknown(o, call, messageUnknown, 0)}
}

// What the provider or the network said is left out of messages: it may be hostile, or hold a secret.
const (
	messageFenced        = "The provider had not seen the call and will refuse it"
	messageUnavailable   = "The provider is unavailable"
	messageMisconfigured = "The provider refuses the operator's credentials or configuration"
	messageUnknown       = "The provider did not answer: it is asked what became of the call"
	messageNoFence       = "The provider has not seen the call, but can't promise to refuse it"
)

// failure returns what to say of a try that had no effect, and how long to wait for the next one.
func (e *Engine) failure(err error, status saga.CallStatus) (message string, wait time.Duration) {
	if errors.Is(err, ErrMisconfigured) {
		return messageMisconfigured, e.slowly(status.Failures + 1)
	}
	return messageUnavailable, e.backoff(status.Failures + 1)
}

// stillUnknown returns what records a look-up in vain.
func (e *Engine) stillUnknown(o *Operation, status saga.CallStatus, err error) record {
	lookups := status.Lookups + 1
	message, wait, noFence := messageUnknown, e.backoff(lookups), false
	switch {
	case errors.Is(err, ErrMisconfigured):
		message, wait = messageMisconfigured, e.slowly(lookups)
	case errors.Is(err, ErrNoFence):
		message, wait, noFence = messageNoFence, e.slowly(lookups), true
	}
	return record{call: status.Last, outcome: e.unknown(o, status.Last, message, wait), noFence: noFence}
}

// asRefusal returns the provider's no to the order, which a fenced key is not.
func asRefusal(err error) (*Refusal, bool) {
	var refusal *Refusal
	return refusal, errors.As(err, &refusal) && refusal.Code != CodeFenced
}

func isFenced(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Code == CodeFenced
}

func (e *Engine) retry(o *Operation, call saga.Call, message string, fenced bool, wait time.Duration) saga.StepRetryScheduled {
	return saga.StepRetryScheduled{
		Step: o.Step, Undo: o.Undo, Generation: call.Generation, Try: call.Try,
		NotBefore: e.in(wait), Fenced: fenced, Message: message,
	}
}

// unknown records that the call must be looked up, after the wait.
func (e *Engine) unknown(o *Operation, call saga.Call, message string, wait time.Duration) saga.OutcomeUnknown {
	return saga.OutcomeUnknown{
		Step: o.Step, Undo: o.Undo, Generation: call.Generation, Try: call.Try, NotBefore: e.in(wait), Message: message,
	}
}

// backoff returns how long to wait after so many failures in a row, from 1.
func (e *Engine) backoff(failures int) time.Duration {
	span := maxBackoff
	if failures > longAfter {
		span = longBackoff
	}
	if doublings := failures - 1; doublings < 8 {
		span = min(maxBackoff, firstBackoff<<max(doublings, 0))
	}
	return time.Duration(e.options.Jitter() * float64(span))
}

// slowly is backoff for what only a person can mend: at least half of the span, for nothing else helps.
func (e *Engine) slowly(failures int) time.Duration {
	span := slowestBackoff
	if doublings := failures - 1; doublings < 6 {
		span = min(slowestBackoff, slowBackoff<<max(doublings, 0))
	}
	return span/2 + time.Duration(e.options.Jitter()*float64(span/2))
}
