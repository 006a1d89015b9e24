// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Provider takes and returns money. Its contract is what the promise of the operator rests on:
//
//  1. Charge and Refund are idempotent by key: the same key gives the first answer again.
//  2. After Cancel(key) was accepted, a request with the key is refused with calls.CodeFenced, even if the key was
//     never seen.
//  3. FindCharge and FindRefund see everything that an earlier request of any process did.
//  4. Charge and Refund move the whole amount or nothing. Refunds of a charge never exceed it.
//
// An error is a *calls.Refusal (the final no of the provider to this request), wraps calls.ErrUnavailable (nothing
// happened), or leaves open what happened. All methods may be called concurrently, and respect ctx.
type Provider interface {
	Charge(ctx context.Context, request ChargeRequest) (Charge, error)
	Refund(ctx context.Context, request RefundRequest) (Refund, error)
	// FindCharge returns nil if the key was never seen. A charge that was refused is a *calls.Refusal.
	FindCharge(ctx context.Context, key string) (*Charge, error)
	// FindRefund is FindCharge for refunds.
	FindRefund(ctx context.Context, key string) (*Refund, error)
	// Cancel fences the key. It fails if a request with the key has succeeded.
	Cancel(ctx context.Context, key string) error
}

// ChargeRequest asks for money.
type ChargeRequest struct {
	// Key is the idempotency key.
	Key string
	// Token is the provider's reference to the customer's payment method. It may be logged and stored nowhere.
	Token  string
	Amount saga.Money
	// Correlation names the order to the provider.
	Correlation string
}

// Charge is money that was taken.
type Charge struct {
	// Reference is the provider's id of the charge.
	Reference string
	Amount    saga.Money
}

// RefundRequest asks to return the money of a charge.
type RefundRequest struct {
	Key string
	// Charge is the charge's Reference.
	Charge      string
	Amount      saga.Money
	Correlation string
}

// Refund is money that was returned.
type Refund struct {
	// Reference is the provider's id of the refund.
	Reference string
	Amount    saga.Money
}

// Gateways finds the provider behind a gateway's name.
type Gateways interface {
	// Provider returns the gateway's provider, and false if there is no such gateway, or if it can't be used now.
	Provider(gateway string) (Provider, bool)
}

// Tokens reads the payment token of an order where its user put it: no event holds one.
type Tokens interface {
	// Token returns the token, and false if the Order object that was accepted is gone.
	Token(ctx context.Context, id saga.OrderID, accepted func(uid string) bool) (string, bool, error)
}
