// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"context"
	"errors"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Verb is what a provider is asked to do about a call.
type Verb string

// The verbs.
const (
	// Prepare has it make ready for a call, without an effect.
	Prepare Verb = "prepare"
	// Do is the call itself.
	Do Verb = "do"
	// Find looks a call up.
	Find Verb = "find"
	// Fence has it refuse the call from now on.
	Fence Verb = "fence"
)

// Ask is one request to a provider, for Options.Asking.
type Ask struct {
	Service saga.Service
	// Provider is the name of the PaymentGateway, Carrier or whatever else the service calls.
	Provider string
	Verb     Verb
	// Order is the order as it was when it was decided to call: its TraceContext is the trace to continue.
	Order saga.Order
	// Step is that of the flow; Undo tells its compensation.
	Step string
	Undo bool
	// Call is the try that the request is about.
	Call saga.Call
}

// Result is what became of a request to a provider, for people.
type Result string

// The results.
const (
	Succeeded Result = "succeeded"
	// Refused is the provider's no to the order.
	Refused Result = "refused"
	// Unavailable is a provider that can't be reached, or says so: nothing happened.
	Unavailable Result = "unavailable"
	// Misconfigured is a provider that refuses the operator's credentials: nothing happened.
	Misconfigured Result = "misconfigured"
	// NotAsked is a request that failed before it left.
	NotAsked Result = "not_asked"
	// Unknown is a request that may or may not have had its effect.
	Unknown Result = "unknown"
)

// ResultOf classifies the error of a request to a provider. A key that is found fenced is refused, too.
func ResultOf(err error) Result {
	var refusal *Refusal
	switch {
	case err == nil:
		return Succeeded
	case errors.As(err, &refusal), errors.Is(err, ErrNoFence):
		return Refused
	case errors.Is(err, ErrNotAsked):
		return NotAsked
	case errors.Is(err, ErrMisconfigured):
		return Misconfigured
	case errors.Is(err, ErrUnavailable):
		return Unavailable
	}
	return Unknown
}

// ask makes a request to the operation's provider, and tells who observes.
func (e *Engine) ask(
	ctx context.Context, verb Verb, o *Operation, order saga.Order, call saga.Call, request func(context.Context) error,
) error {
	if e.options.Asking == nil {
		return request(ctx)
	}
	ctx, done := e.options.Asking(ctx, Ask{
		Service: e.service, Provider: o.Provider(order), Verb: verb, Order: order, Step: o.Step, Undo: o.Undo, Call: call,
	})
	err := request(ctx)
	done(err)
	return err
}

// find looks a call up.
func (e *Engine) find(ctx context.Context, o *Operation, order saga.Order, call saga.Call) (success any, err error) {
	err = e.ask(ctx, Find, o, order, call, func(ctx context.Context) (err error) {
		success, err = o.Find(ctx, order, call)
		return err
	})
	return success, err
}
