// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crashpoint

import (
	"context"

	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
)

// Payments returns the provider as the process reaches it, a payment.Preparer if it is one.
func Payments(provider payment.Provider, process *Process) payment.Provider {
	wrapped := payments{provider, process}
	if preparer, ok := provider.(payment.Preparer); ok {
		return preparing{wrapped, preparer}
	}
	return wrapped
}

type payments struct {
	payment.Provider

	process *Process
}

func (p payments) Do(ctx context.Context, r payment.Request) (payment.Movement, error) {
	return Between(p.process, string(r.Action), func() (payment.Movement, error) { return p.Provider.Do(ctx, r) })
}

func (p payments) Find(ctx context.Context, r payment.Request) (*payment.Movement, error) {
	return Between(p.process, "look-up of "+string(r.Action), func() (*payment.Movement, error) { return p.Provider.Find(ctx, r) })
}

func (p payments) Cancel(ctx context.Context, r payment.Request) error {
	return Do(p.process, "fence of "+string(r.Action), func() error { return p.Provider.Cancel(ctx, r) })
}

type preparing struct {
	payments

	preparer payment.Preparer
}

func (p preparing) Prepare(ctx context.Context, r payment.Request) (string, error) {
	return Between(p.process, "prepare", func() (string, error) { return p.preparer.Prepare(ctx, r) })
}

// Shipments returns the carrier as the process reaches it.
func Shipments(provider shipping.Provider, process *Process) shipping.Provider {
	return shipments{provider, process}
}

type shipments struct {
	shipping.Provider

	process *Process
}

func (s shipments) Create(ctx context.Context, r shipping.ShipmentRequest) (shipping.Shipment, error) {
	return Between(s.process, "ship", func() (shipping.Shipment, error) { return s.Provider.Create(ctx, r) })
}

func (s shipments) CancelShipment(ctx context.Context, r shipping.CancelRequest) (shipping.Cancellation, error) {
	return Between(s.process, "withdraw", func() (shipping.Cancellation, error) { return s.Provider.CancelShipment(ctx, r) })
}

func (s shipments) FindShipment(ctx context.Context, key string) (*shipping.Shipment, error) {
	return Between(s.process, "look-up of ship", func() (*shipping.Shipment, error) { return s.Provider.FindShipment(ctx, key) })
}

func (s shipments) FindCancellation(ctx context.Context, key string) (*shipping.Cancellation, error) {
	return Between(s.process, "look-up of withdraw", func() (*shipping.Cancellation, error) {
		return s.Provider.FindCancellation(ctx, key)
	})
}

func (s shipments) Cancel(ctx context.Context, key string) error {
	return Do(s.process, "fence of a shipping key", func() error { return s.Provider.Cancel(ctx, key) })
}
