// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/controllers/ledger"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	shippingwebhook "github.com/eventcore/order-operator/controllers/shipping/webhook"
	"github.com/eventcore/order-operator/controllers/webhook"
)

// job is what a POST asks for.
type job struct {
	request ledger.Request
	token   string
	do      func(context.Context) error
}

// contract is one of the two.
type contract interface {
	// job reads the body of a POST.
	job(key string, body []byte) (job, error)
	// reply describes what was done.
	reply(ctx context.Context, entry *ledger.Entry) (any, error)
	// action is what the entry is called in the contract.
	action(kind ledger.Kind) string
}

// payments is the contract of payment providers.
type payments struct{ provider *simulatedpayment.Provider }

var paymentKinds = map[payment.Action]ledger.Kind{
	payment.Charge: ledger.Charge, payment.Authorize: ledger.Authorization, payment.Capture: ledger.Capture,
	payment.Void: ledger.Void, payment.Refund: ledger.Refund,
}

func (p payments) job(key string, body []byte) (job, error) {
	var asked paymentwebhook.Request
	if err := json.Unmarshal(body, &asked); err != nil {
		return job{}, err
	}
	kind, known := paymentKinds[asked.Action]
	if !known {
		return job{}, fmt.Errorf("the action %q is unknown", asked.Action)
	}
	request := payment.Request{
		Action: asked.Action, Key: key, Amount: asked.Amount, Correlation: asked.Correlation, Token: asked.Token,
		Charge: asked.Charge,
	}
	return job{
		token: asked.Token,
		request: ledger.Request{
			Key: key, Kind: kind, Subject: asked.Charge, Correlation: asked.Correlation, Amount: asked.Amount,
		},
		do: func(ctx context.Context) error {
			_, err := p.provider.Do(ctx, request)
			return err
		},
	}, nil
}

func (payments) action(kind ledger.Kind) string {
	for action, k := range paymentKinds {
		if k == kind {
			return string(action)
		}
	}
	return ""
}

func (p payments) reply(_ context.Context, entry *ledger.Entry) (any, error) {
	return paymentwebhook.Reply{
		Outcome: webhook.Outcome{Key: entry.Key, Status: webhook.Succeeded},
		Action:  payment.Action(p.action(entry.Kind)), Reference: entry.Reference, Amount: entry.Amount,
	}, nil
}

// shipments is the contract of carriers.
type shipments struct{ carrier *simulatedshipping.Provider }

func (s shipments) job(key string, body []byte) (job, error) {
	var asked shippingwebhook.Request
	if err := json.Unmarshal(body, &asked); err != nil {
		return job{}, err
	}
	switch {
	case asked.Action == shippingwebhook.Create && asked.Address != nil:
		return s.create(key, asked), nil
	case asked.Action == shippingwebhook.CancelShipment:
		return s.cancel(key, asked), nil
	}
	return job{}, fmt.Errorf("the action %q is unknown, or lacks an address", asked.Action)
}

func (s shipments) create(key string, asked shippingwebhook.Request) job {
	return job{
		request: ledger.Request{Key: key, Kind: ledger.Shipment, Correlation: asked.Correlation},
		do: func(ctx context.Context) error {
			_, err := s.carrier.Create(ctx, shipping.ShipmentRequest{
				Key: key, Address: *asked.Address, Lines: asked.Lines, Correlation: asked.Correlation,
			})
			return err
		},
	}
}

func (s shipments) cancel(key string, asked shippingwebhook.Request) job {
	return job{
		request: ledger.Request{Key: key, Kind: ledger.Cancellation, Subject: asked.Shipment, Correlation: asked.Correlation},
		do: func(ctx context.Context) error {
			_, err := s.carrier.CancelShipment(ctx, shipping.CancelRequest{
				Key: key, Shipment: asked.Shipment, Correlation: asked.Correlation,
			})
			return err
		},
	}
}

func (shipments) action(kind ledger.Kind) string {
	return map[ledger.Kind]string{
		ledger.Shipment: string(shippingwebhook.Create), ledger.Cancellation: string(shippingwebhook.CancelShipment),
	}[kind]
}

var errForeign = errors.New("the key belongs to the other contract")

func (s shipments) reply(ctx context.Context, entry *ledger.Entry) (any, error) {
	reply := shippingwebhook.Reply{
		Outcome: webhook.Outcome{Key: entry.Key, Status: webhook.Succeeded},
		Action:  shippingwebhook.Action(s.action(entry.Kind)), Reference: entry.Subject,
	}
	if entry.Kind != ledger.Shipment {
		return reply, nil
	}
	shipment, err := s.carrier.FindShipment(ctx, entry.Key)
	if err != nil || shipment == nil {
		return nil, errors.Join(errForeign, err)
	}
	reply.Reference, reply.TrackingNumber = shipment.Reference, shipment.TrackingNumber
	return reply, nil
}
