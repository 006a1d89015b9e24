// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// intend counts the intent of a call.
func (v *visit) intend(o operation, call saga.Call, amount saga.Money) {
	c := v.account.call(o)
	v.demand(v.keyIsTheOrders(call.Key), KeyNamesStore, at(v.position()),
		"the %s has the key %q: a key that does not begin with %q may be another order's", o, call.Key, v.keyPrefix())
	if c.Generation == call.Generation {
		v.nextTry(o, c, call, amount)
	} else {
		v.nextGeneration(o, c, call)
	}
	v.account.Waiting = false
	*c = callAccount{
		Generation: call.Generation, Try: call.Try, Key: call.Key, Amount: amount, State: flying,
		Intent: v.position(), Until: call.Deadline,
	}
}

// doubt counts a call that may have been made in a part of the history that was lost, whatever the order is at.
func (v *visit) doubt(payload saga.CallDoubted) {
	if o, ok := v.account.operationOf(payload.Step, false); ok {
		v.intend(o, payload.Call, saga.Money{})
	}
}

func (v *visit) nextTry(o operation, c *callAccount, call saga.Call, amount saga.Money) {
	where := at(c.Intent, v.position())
	v.demand(c.Key == call.Key && c.Amount == amount, KeyPerGeneration, where,
		"the %s was tried again with another key or amount, so that the provider takes it for another one", o)
	v.demand(call.Try == c.Try+1, OneTryPerIntent, where, "try %d of the %s was followed by try %d", c.Try, o, call.Try)
	switch c.State {
	case flying:
		v.demand(false, OneTryPerIntent, where, "the %s was asked for again before the first request had ended", o)
	case unknown:
		v.demand(false, OneTryPerIntent, where, "the %s was asked for again while nobody knew what had become of the first request", o)
	case succeeded, refused, fenced:
		v.demand(false, GenerationClosed, where, "the %s was asked for again after it was %s", o, c.State)
	case failed:
	}
}

func (v *visit) nextGeneration(o operation, c *callAccount, call saga.Call) {
	where := at(c.Intent, v.position())
	v.demand(call.Generation == c.Generation+1 && call.Try == 1, GenerationClosed, where,
		"generation %d of the %s was followed by try %d of generation %d", c.Generation, o, call.Try, call.Generation)
	v.demand(c.Key != call.Key, KeyPerGeneration, where, "the %s was begun anew with the key of the one before", o)
	v.demand(!c.open(), GenerationClosed, where,
		"the %s was begun anew although the one before might still happen: nobody had made the provider promise to refuse it", o)
	v.demand(c.State != succeeded || v.gone(o), GenerationClosed, where, "the %s was begun anew although it had happened", o)
}

// gone reports whether what the operation did was undone.
func (v *visit) gone(o operation) bool {
	switch o {
	case charge:
		return !v.account.holdsMoney()
	case ship:
		return v.account.Shipped == 0
	case refund:
		return v.account.kept() > 0 // a part was given back, and now the rest
	case capture, void, withdraw:
	}
	return false
}

// answer counts the final outcome of a generation.
func (v *visit) answer(o operation, generation int, state callState) {
	a, c := v.account, v.account.call(o)
	a.Waiting = false
	v.settleAttention(o)
	if state == succeeded && generation > 0 && (generation < c.Generation || generation == c.Generation && c.State == fenced) {
		v.demand(c.Asserted, FenceHolds, at(c.Intent, v.position()),
			"the %s (number %d) happened although it was recorded as one that never will", o, generation)
		return
	}
	if c.Generation != generation {
		v.demand(false, IntentBeforeOutcome, at(c.Intent, v.position()),
			"the outcome of a %s (number %d) is recorded that was never announced: the last announced one is number %d", o, generation, c.Generation)
		return
	}
	v.demand(c.open(), IntentBeforeOutcome, at(c.Intent, v.position()),
		"the %s is recorded as %s, but it was recorded as %s before", o, state, c.State)
	c.State, c.Until = state, time.Time{}
}

// settleAttention takes back the question that the outcome of the operation answers.
func (v *visit) settleAttention(o operation) {
	q := v.account.Attention
	if q != nil && q.answeredBy(o) && q.Reason != saga.ReasonHappenedTwice {
		v.account.Attention = nil
	}
}

// answeredBy reports whether an outcome of the operation answers the question.
func (q *attention) answeredBy(o operation) bool {
	step, undo := stepOf(o)
	return q.Undo == undo && (q.Step == step || undo && (o == refund || o == void) && q.Step != saga.CreateShipment)
}

func stepOf(o operation) (step string, undo bool) {
	switch o {
	case charge:
		return saga.ProcessPayment, false
	case capture:
		return saga.CapturePayment, false
	case refund, void:
		return saga.ProcessPayment, true
	case ship:
		return saga.CreateShipment, false
	case withdraw:
		return saga.CreateShipment, true
	}
	return "", false
}

// operationOf returns the call that a remark about a step is about, and false if the step makes no calls.
func (a *orderAccount) operationOf(step string, undo bool) (operation, bool) {
	switch {
	case step == saga.CreateShipment && undo:
		return withdraw, true
	case step == saga.CreateShipment:
		return ship, true
	case step == saga.ProcessPayment && !undo:
		return charge, true
	case step == saga.CapturePayment && !undo:
		return capture, true
	case step == saga.ProcessPayment || step == saga.CapturePayment:
		return a.giveBack(), true
	}
	return "", false
}

// giveBack is how the order's money is given back: the one that was begun, else what fits what it holds.
func (a *orderAccount) giveBack() operation {
	if o, open := a.openCall(refund, void); open != nil {
		return o
	}
	if a.Authorized != 0 {
		return void
	}
	return refund
}

// retry counts a try that had no effect or, if it was fenced, a generation that never will have one.
func (v *visit) retry(payload saga.StepRetryScheduled) {
	o, ok := v.account.operationOf(payload.Step, payload.Undo)
	if !ok {
		return
	}
	state := failed
	if payload.Fenced {
		state = fenced
	}
	v.remark(o, payload.Generation, payload.Try, state)
	a := v.account
	if q := a.Attention; payload.Fenced && q != nil && q.answeredBy(o) && q.Reason == saga.ReasonOutcomeUnknown {
		a.Attention = nil
	}
	if c := a.call(o); c.Generation == payload.Generation && (payload.Fenced || c.Try == payload.Try) {
		c.State, c.Until = state, payload.NotBefore
	}
}

// unknown counts a try of which nobody knows how it ended.
func (v *visit) unknown(payload saga.OutcomeUnknown) {
	o, ok := v.account.operationOf(payload.Step, payload.Undo)
	if !ok {
		return
	}
	v.remark(o, payload.Generation, payload.Try, unknown)
	if c := v.account.call(o); c.Generation == payload.Generation && c.open() {
		c.State, c.Until = unknown, payload.NotBefore
	}
}

// remark: what is said about a try is about one that was announced, and whose outcome is not known yet. It is about the last one,
// unless it is a fence: that closes the generation, whichever try another process has come to meanwhile.
func (v *visit) remark(o operation, generation, try int, state callState) {
	c := v.account.call(o)
	if state == failed && c.State != flying && c.State != unknown && c.isNext(generation, try) {
		return // the provider could not even be prepared: there was no call
	}
	announced := c.Try == try || state == fenced && try < c.Try
	v.demand(c.Generation == generation && announced && c.open(), IntentBeforeOutcome, at(c.Intent, v.position()),
		"try %d of the %s (number %d) is recorded as %s, but the last one that was announced is try %d of number %d",
		try, o, generation, state, c.Try, c.Generation)
}

// isNext reports whether the try is the one that may follow.
func (c *callAccount) isNext(generation, try int) bool {
	return generation == c.Generation && try == c.Try+1 || generation == c.Generation+1 && try == 1
}
