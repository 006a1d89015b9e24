// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"context"
	"errors"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// ErrUnavailable says that a call surely did not happen and may be tried again: the provider could not be reached, or
// said so. Any other error that is no Refusal leaves the outcome unknown.
var ErrUnavailable = errors.New("the provider is unavailable")

// ErrMisconfigured says that the provider refuses the operator's credentials or configuration. The call surely did not
// happen; it is tried again slowly, and the order says why it waits.
var ErrMisconfigured = errors.New("the provider refuses the operator's credentials or configuration")

// ErrNoFence says that a provider can't promise to refuse a key: a call that it has not seen may still arrive, so that
// its outcome stays unknown.
var ErrNoFence = errors.New("the provider can't promise to refuse the request")

// CodeFenced is the Code of the Refusal with which a provider meets a request whose key was fenced. It is no answer to
// the order: another process has closed the generation while the request was on its way.
const CodeFenced = "key_cancelled"

// Refusal is a provider's final no to a request, as opposed to a failure. It is a business answer and is never retried.
type Refusal struct {
	// Code is the provider's, one word. Message is for people. Neither may hold a secret.
	Code    string
	Message string
}

// Error returns the message and the code.
func (r *Refusal) Error() string { return r.Message + " (" + r.Code + ")" }

// Operation is a call that belongs to a step of the saga, or to its compensation. Its functions may be called
// concurrently for different orders, and again for the same one.
type Operation struct {
	// Step is that of the flow; Undo makes it the compensation.
	Step string
	Undo bool
	// Aggregate is the stream of all events of the service.
	Aggregate eventcore.StreamID
	// Missing tells what the call can't be made without and is not there, such as a gateway; nil if all is there. With
	// closing, the call was made and is only looked up and fenced.
	Missing func(ctx context.Context, order saga.Order, closing bool) (*saga.StepWaiting, error)
	// Prepare has the provider prepare the first try of a generation, and returns the id that the intents of the
	// generation record; nil if nothing is to be prepared. Its errors are Do's, but nothing has happened after any.
	Prepare func(ctx context.Context, order saga.Order, call saga.Call) (string, error)
	// Intent returns the event that announces the call. prepared is what Prepare returned.
	Intent func(order saga.Order, call saga.Call, prepared string) any
	// Do calls the provider and returns the event of its success. ctx ends at the call's deadline. The error is a
	// *Refusal, ErrUnavailable, ErrMisconfigured, or leaves the outcome unknown.
	Do func(ctx context.Context, order saga.Order, call saga.Call) (any, error)
	// Find asks the provider what became of the call. It returns the event of its success, a *Refusal if it was
	// refused, or nil if the provider has not seen the key. Another error leaves the outcome unknown.
	Find func(ctx context.Context, order saga.Order, call saga.Call) (any, error)
	// Fence makes the provider refuse the key from now on. A nil error is its promise that the call did not and will
	// not happen; after any error that is unknown, and stays so after ErrNoFence.
	Fence func(ctx context.Context, order saga.Order, call saga.Call) error
	// Refused returns the event that records a refusal.
	Refused func(order saga.Order, call saga.Call, refusal *Refusal) any
}

// due reports whether the call may be made now.
func (o *Operation) due(order saga.Order, now time.Time) bool {
	if o.Undo {
		return order.Undo(o.Step, now)
	}
	return order.Forward(o.Step, now)
}

// status returns where the operation's call stands.
func (o *Operation) status(order saga.Order) saga.CallStatus {
	step := order.Step(o.Step)
	if o.Undo {
		return step.Undo
	}
	return step.Forward
}

// name is the operation's in idempotency keys.
func (o *Operation) name() string {
	if o.Undo {
		return o.Step + "-undo"
	}
	return o.Step
}
