// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"

	"github.com/eventcore/order-operator/controllers/calls"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// Providers answer at once and keep nothing, which real ones must not do: nothing is lost, or asked for twice, in a
// measurement.
func Providers() runner.ServicesOptions {
	return runner.ServicesOptions{Gateways: gateways{}, Carriers: carriers{}, Tokens: tokens{}}
}

type (
	gateways struct{}
	carriers struct{}
	tokens   struct{}
	gateway  struct{}
	carrier  struct{}
)

// Provider implements payment.Gateways.
func (gateways) Provider(string) (payment.Provider, bool) { return gateway{}, true }

// Provider implements shipping.Carriers.
func (carriers) Provider(string) (shipping.Provider, bool) { return carrier{}, true }

// Token implements payment.Tokens.
func (tokens) Token(context.Context, saga.OrderID, func(string) bool) (token string, present bool, err error) {
	return "token", true, nil
}

// Do implements payment.Provider.
func (gateway) Do(_ context.Context, request payment.Request) (payment.Movement, error) {
	reference := shop.ChargeReference
	if request.Action == payment.Refund {
		reference = shop.RefundReference
	}
	return payment.Movement{Reference: reference, Amount: request.Amount}, nil
}

// Find implements payment.Provider.
func (gateway) Find(context.Context, payment.Request) (*payment.Movement, error) {
	return nil, calls.ErrUnavailable
}

// Cancel implements payment.Provider.
func (gateway) Cancel(context.Context, payment.Request) error { return calls.ErrNoFence }

// Create implements shipping.Provider.
func (carrier) Create(_ context.Context, request shipping.ShipmentRequest) (shipping.Shipment, error) {
	if shop.Refuses(request.Address) {
		return shipping.Shipment{}, &calls.Refusal{Code: shop.RefusalCode, Message: shop.RefusalMessage}
	}
	return shipping.Shipment{Reference: shop.ShipmentReference, TrackingNumber: shop.TrackingNumber}, nil
}

// CancelShipment implements shipping.Provider.
func (carrier) CancelShipment(context.Context, shipping.CancelRequest) (shipping.Cancellation, error) {
	return shipping.Cancellation{Reference: shop.ShipmentReference}, nil
}

// FindShipment implements shipping.Provider.
func (carrier) FindShipment(context.Context, string) (*shipping.Shipment, error) {
	return nil, calls.ErrUnavailable
}

// FindCancellation implements shipping.Provider.
func (carrier) FindCancellation(context.Context, string) (*shipping.Cancellation, error) {
	return nil, calls.ErrUnavailable
}

// Cancel implements shipping.Provider.
func (carrier) Cancel(context.Context, string) error { return calls.ErrNoFence }
