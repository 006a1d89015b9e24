// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Action is what is asked of a payment provider.
type Action string

// The actions.
const (
	// Charge takes the money at once.
	Charge Action = "charge"
	// Authorize sets the money aside, to be captured or voided later.
	Authorize Action = "authorize"
	// Capture takes what was authorised.
	Capture Action = "capture"
	// Void gives an authorisation back that was not captured.
	Void Action = "void"
	// Refund returns what was charged or captured.
	Refund Action = "refund"
)

// Provider takes and returns money. Its contract is what the promise of the operator rests on:
//
//  1. Do is idempotent by key: the same key gives the first answer again.
//  2. After Cancel was accepted, a request with the key is refused with calls.CodeFenced, even if the key was never seen.
//  3. Find sees everything that an earlier request of any process did.
//  4. Do moves the whole amount or nothing. Refunds of a charge never exceed it.
//
// An error is a *calls.Refusal (the final no of the provider to this request), wraps calls.ErrUnavailable or
// calls.ErrMisconfigured (nothing happened), or leaves open what happened. All methods may be called concurrently, and
// respect ctx.
type Provider interface {
	Do(ctx context.Context, request Request) (Movement, error)
	// Find returns what became of the request, nil if its key was never seen. A request that was refused is a *calls.Refusal.
	Find(ctx context.Context, request Request) (*Movement, error)
	// Cancel fences the request's key. It fails if a request with the key has succeeded, and with calls.ErrNoFence if the
	// provider can't promise to refuse it.
	Cancel(ctx context.Context, request Request) error
}

// Preparer is a Provider that needs an id of its own before money may move. Prepare has no effect that anybody could
// notice, and may be repeated; the id is recorded in the intent.
type Preparer interface {
	Prepare(ctx context.Context, request Request) (id string, err error)
}

// Request is what a provider is asked for. All tries of a key send the same request.
type Request struct {
	Action Action
	// Key is the idempotency key.
	Key    string
	Amount saga.Money
	// Correlation names the order to the provider.
	Correlation string
	// Token is the provider's reference to the customer's payment method, for Prepare, Charge and Authorize; empty in Find
	// and Cancel. It may be logged and stored nowhere.
	Token string
	// Prepared is what Prepare returned, empty if the provider prepares nothing.
	Prepared string
	// Charge is the Reference of the charge or authorisation that is captured, voided or refunded.
	Charge string
}

// Movement is money that was moved, set aside or given back.
type Movement struct {
	// Reference is the provider's id of it.
	Reference string
	Amount    saga.Money
}

// Gateways finds the provider behind a gateway's name.
type Gateways interface {
	// Provider returns the gateway's provider, and false if there is no such gateway, or if it can't be used now.
	Provider(gateway string) (Provider, bool)
}

// Restricted is what Gateways implement that are not for everybody.
type Restricted interface {
	// Allows reports whether orders of the namespace may begin something with the gateway. What they have begun is
	// finished, found out and undone in any case.
	Allows(gateway, namespace string) bool
}

// Tokens reads the payment token of an order where its user put it: no event holds one.
type Tokens interface {
	// Token returns the token, and false if the Order object that was accepted is gone.
	Token(ctx context.Context, id saga.OrderID, accepted func(uid string) bool) (string, bool, error)
}
