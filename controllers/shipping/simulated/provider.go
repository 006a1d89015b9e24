// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
)

// The codes of refusals.
const (
	CodeAddressRefused   = "address_refused"
	CodeShipmentNotFound = "shipment_not_found"
	CodeAlreadyCancelled = "shipment_already_cancelled"
	CodeCancelRefused    = "cancellation_refused"
)

// Options configure a Provider.
type Options = ledger.Options

// Provider is a carrier that moves no goods.
type Provider struct {
	simulator *ledger.Simulator
}

var _ engine.Provider = (*Provider)(nil)

// New returns a carrier that keeps its books in the ledger.
func New(book *ledger.Ledger, options Options) *Provider {
	return &Provider{simulator: ledger.NewSimulator(book, options)}
}

// Create does what the name in the address says, once for the key.
func (p *Provider) Create(ctx context.Context, request engine.ShipmentRequest) (engine.Shipment, error) {
	entry, err := p.simulator.Perform(ctx, ledger.Request{
		Key: request.Key, Kind: ledger.Shipment, Correlation: request.Correlation,
	}, behaviourOf(request.Address.Name))
	if err != nil {
		return engine.Shipment{}, err
	}
	return shipment(entry), nil
}

func behaviourOf(name string) ledger.Behaviour {
	switch name {
	case "SIM REFUSE":
		return ledger.Behaviour{Decide: func(*ledger.Tx) error {
			return &calls.Refusal{Code: CodeAddressRefused, Message: "The carrier does not deliver to this address"}
		}}
	case "SIM LOST":
		return ledger.Behaviour{LoseReply: true}
	case "SIM SLOW":
		return ledger.Behaviour{Delay: time.Second}
	}
	if _, noted := cancellations[name]; noted {
		return ledger.Behaviour{Decide: func(tx *ledger.Tx) error {
			tx.Note(name)
			return nil
		}}
	}
	return ledger.Behaviour{}
}

// cancellations are the names whose shipments misbehave when they are cancelled. No other name is noted.
var cancellations = map[string]ledger.Behaviour{
	"SIM DISPATCHED": {Decide: func(*ledger.Tx) error {
		return &calls.Refusal{Code: engine.CodeDispatched, Message: "The shipment has left"}
	}},
	"SIM CANCEL REFUSED": {Decide: func(*ledger.Tx) error {
		return &calls.Refusal{Code: CodeCancelRefused, Message: "The shipment can't be cancelled"}
	}},
	"SIM CANCEL LOST": {LoseReply: true},
}

func shipment(entry ledger.Entry) engine.Shipment {
	return engine.Shipment{Reference: entry.Reference, TrackingNumber: trackingNumber(entry.Reference)}
}

// trackingNumber returns the number that a carrier would print on the label, such as SIM012345678901.
func trackingNumber(reference string) string {
	digest := sha256.Sum256([]byte(reference))
	return fmt.Sprintf("SIM%012d", binary.BigEndian.Uint64(digest[:])%1_000_000_000_000)
}

// CancelShipment cancels a shipment, once for the key.
func (p *Provider) CancelShipment(ctx context.Context, request engine.CancelRequest) (engine.Cancellation, error) {
	created, err := p.simulator.Done(ctx, request.Shipment)
	if err != nil {
		return engine.Cancellation{}, err
	}
	behaviour := ledger.Behaviour{}
	if created != nil {
		behaviour = cancellations[created.Note]
	}
	if behaviour.Decide == nil {
		behaviour.Decide = func(tx *ledger.Tx) error { return decideCancellation(tx, request.Shipment) }
	}
	entry, err := p.simulator.Perform(ctx, ledger.Request{
		Key: request.Key, Kind: ledger.Cancellation, Subject: request.Shipment, Correlation: request.Correlation,
	}, behaviour)
	if err != nil {
		return engine.Cancellation{}, err
	}
	return engine.Cancellation{Reference: entry.Subject}, nil
}

func decideCancellation(tx *ledger.Tx, reference string) error {
	shipment, err := tx.Done(ledger.Shipment, reference)
	if err != nil {
		return err
	}
	cancelled, _, err := tx.Total(ledger.Cancellation, reference)
	switch {
	case err != nil:
		return err
	case shipment == nil:
		return &calls.Refusal{Code: CodeShipmentNotFound, Message: "There is no such shipment"}
	case cancelled > 0:
		return &calls.Refusal{Code: CodeAlreadyCancelled, Message: "The shipment was cancelled before"}
	}
	return nil
}

// FindShipment returns the shipment of the key, nil if there is none, or its refusal.
func (p *Provider) FindShipment(ctx context.Context, key string) (*engine.Shipment, error) {
	entry, err := p.simulator.Find(ctx, ledger.Shipment, key)
	if err != nil || entry == nil {
		return nil, err
	}
	found := shipment(*entry)
	return &found, nil
}

// FindCancellation returns the cancellation of the key, nil if there is none, or its refusal.
func (p *Provider) FindCancellation(ctx context.Context, key string) (*engine.Cancellation, error) {
	entry, err := p.simulator.Find(ctx, ledger.Cancellation, key)
	if err != nil || entry == nil {
		return nil, err
	}
	return &engine.Cancellation{Reference: entry.Subject}, nil
}

// Cancel fences the key. It fails with ledger.ErrDone if the request with the key has succeeded.
func (p *Provider) Cancel(ctx context.Context, key string) error { return p.simulator.Cancel(ctx, key) }
