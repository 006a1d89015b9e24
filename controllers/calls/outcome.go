// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"errors"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Retries wait a random part of a span that doubles from firstBackoff to maxBackoff with every failure.
const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// outcome returns the event that records how a try ended.
func (e *Engine) outcome(o *Operation, call saga.Call, success any, err error) any {
	if err == nil {
		return success
	}
	if refusal, ok := asRefusal(err); ok {
		return o.Refused(call, refusal)
	}
	if isFenced(err) {
		return e.retry(o, call, messageFenced, true)
	}
	if errors.Is(err, ErrUnavailable) {
		return e.retry(o, call, "The provider is unavailable", false)
	}
	return e.unknown(o, call, 0)
}

const messageFenced = "The provider had not seen the call and will refuse it"

// asRefusal returns the provider's no to the order, which a fenced key is not.
func asRefusal(err error) (*Refusal, bool) {
	var refusal *Refusal
	return refusal, errors.As(err, &refusal) && refusal.Code != CodeFenced
}

func isFenced(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Code == CodeFenced
}

func (e *Engine) retry(o *Operation, call saga.Call, message string, fenced bool) saga.StepRetryScheduled {
	return saga.StepRetryScheduled{
		Step: o.Step, Undo: o.Undo, Generation: call.Generation, Try: call.Try,
		NotBefore: e.in(e.backoff(call.Try)), Fenced: fenced, Message: message,
	}
}

// unknown records that the call must be looked up, after the wait. What the provider or the network said is left out:
// it may be hostile, or hold a secret.
func (e *Engine) unknown(o *Operation, call saga.Call, wait time.Duration) saga.OutcomeUnknown {
	return saga.OutcomeUnknown{
		Step: o.Step, Undo: o.Undo, Generation: call.Generation, Try: call.Try,
		NotBefore: e.in(wait), Message: "The provider did not answer: it is asked what became of the call",
	}
}

// backoff returns how long to wait after so many failures, from 1.
func (e *Engine) backoff(failures int) time.Duration {
	span := maxBackoff
	if doublings := failures - 1; doublings < 8 {
		span = min(maxBackoff, firstBackoff<<max(doublings, 0))
	}
	return time.Duration(e.options.Jitter() * float64(span))
}
