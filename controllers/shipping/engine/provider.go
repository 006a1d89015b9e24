// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/eventcore/order-operator/controllers/saga"
)

// CodeDispatched is the Code of the Refusal with which a carrier meets the cancellation of a shipment that has left.
const CodeDispatched = "already_dispatched"

// Provider creates and cancels shipments. Its contract:
//
//  1. Create and CancelShipment are idempotent by key: the same key gives the first answer again.
//  2. After Cancel(key) was accepted, a request with the key is refused with calls.CodeFenced, even if the key was
//     never seen.
//  3. FindShipment and FindCancellation see everything that an earlier request of any process did.
//
// An error is a *calls.Refusal (the final no of the carrier to this request), wraps calls.ErrUnavailable (nothing
// happened), or leaves open what happened. All methods may be called concurrently, and respect ctx.
type Provider interface {
	Create(ctx context.Context, request ShipmentRequest) (Shipment, error)
	CancelShipment(ctx context.Context, request CancelRequest) (Cancellation, error)
	// FindShipment returns nil if the key was never seen. A shipment that was refused is a *calls.Refusal.
	FindShipment(ctx context.Context, key string) (*Shipment, error)
	// FindCancellation is FindShipment for cancellations.
	FindCancellation(ctx context.Context, key string) (*Cancellation, error)
	// Cancel fences the key. It fails if a request with the key has succeeded.
	Cancel(ctx context.Context, key string) error
}

// ShipmentRequest asks for a shipment.
type ShipmentRequest struct {
	// Key is the idempotency key.
	Key         string
	Address     saga.Address
	Lines       []saga.StockLine
	Correlation string
}

// Shipment is ready to be handed over and can still be cancelled.
type Shipment struct {
	// Reference is the carrier's id of the shipment.
	Reference      string
	TrackingNumber string
}

// CancelRequest asks to cancel a shipment.
type CancelRequest struct {
	Key string
	// Shipment is the shipment's Reference.
	Shipment    string
	Correlation string
}

// Cancellation is a shipment that will not be made.
type Cancellation struct {
	// Reference is the shipment's.
	Reference string
}

// Carriers finds the provider behind a carrier's name.
type Carriers interface {
	// Provider returns the carrier's provider, and false if there is no such carrier, or if it can't be used now.
	Provider(carrier string) (Provider, bool)
}

// Restricted is what Carriers implement that are not for everybody.
type Restricted interface {
	// Allows reports whether orders of the namespace may begin something with the carrier. What they have begun is
	// finished, found out and undone in any case.
	Allows(carrier, namespace string) bool
}
