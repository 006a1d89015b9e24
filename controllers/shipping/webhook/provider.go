// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"fmt"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/controllers/webhook"
)

// Path is where shipments and their cancellations are requested, looked up and fenced.
const Path = "/v1/shipments"

// Action is what is asked of a carrier.
type Action string

// The actions.
const (
	// Create has a shipment made ready, with a label.
	Create Action = "create"
	// CancelShipment gives it up again.
	CancelShipment Action = "cancel"
)

// Request is the body that asks for a shipment or its cancellation.
type Request struct {
	Action      Action `json:"action"`
	Correlation string `json:"correlation"`
	// Address and Lines are there for create, Shipment for cancel.
	Address  *saga.Address    `json:"address,omitzero"`
	Lines    []saga.StockLine `json:"lines,omitzero"`
	Shipment string           `json:"shipment,omitzero"`
}

// Reply is the body of what is answered. Action and Reference, the shipment's, belong to what has succeeded.
type Reply struct {
	webhook.Outcome

	Action         Action `json:"action,omitzero"`
	Reference      string `json:"reference,omitzero"`
	TrackingNumber string `json:"trackingNumber,omitzero"`
}

// Provider calls a carrier over HTTP.
type Provider struct{ client *webhook.Client }

var _ engine.Provider = (*Provider)(nil)

// New returns a carrier. It calls nobody yet.
func New(options webhook.Options) (*Provider, error) {
	client, err := webhook.New(options)
	if err != nil {
		return nil, err
	}
	return &Provider{client: client}, nil
}

// Close closes the connections that nobody uses.
func (p *Provider) Close() { p.client.Close() }

// Create asks for a shipment.
func (p *Provider) Create(ctx context.Context, request engine.ShipmentRequest) (engine.Shipment, error) {
	reply, _, err := p.ask(ctx, Create, webhook.Request{
		Verb: webhook.Do, Path: Path, Key: request.Key,
		Body: Request{Action: Create, Correlation: request.Correlation, Address: &request.Address, Lines: request.Lines},
	})
	if err != nil {
		return engine.Shipment{}, err
	}
	return engine.Shipment{Reference: reply.Reference, TrackingNumber: reply.TrackingNumber}, nil
}

// CancelShipment asks for the cancellation of a shipment.
func (p *Provider) CancelShipment(ctx context.Context, request engine.CancelRequest) (engine.Cancellation, error) {
	reply, _, err := p.ask(ctx, CancelShipment, webhook.Request{
		Verb: webhook.Do, Path: Path, Key: request.Key,
		Body: Request{Action: CancelShipment, Correlation: request.Correlation, Shipment: request.Shipment},
	})
	if err != nil {
		return engine.Cancellation{}, err
	}
	if reply.Reference != request.Shipment {
		return engine.Cancellation{}, fmt.Errorf("%w: it is about another shipment", webhook.ErrMismatch)
	}
	return engine.Cancellation{Reference: reply.Reference}, nil
}

// FindShipment looks a shipment up by its key.
func (p *Provider) FindShipment(ctx context.Context, key string) (*engine.Shipment, error) {
	reply, found, err := p.ask(ctx, Create, webhook.Request{Verb: webhook.Find, Path: Path, Key: key})
	if err != nil || !found {
		return nil, err
	}
	return &engine.Shipment{Reference: reply.Reference, TrackingNumber: reply.TrackingNumber}, nil
}

// FindCancellation looks a cancellation up by its key.
func (p *Provider) FindCancellation(ctx context.Context, key string) (*engine.Cancellation, error) {
	reply, found, err := p.ask(ctx, CancelShipment, webhook.Request{Verb: webhook.Find, Path: Path, Key: key})
	if err != nil || !found {
		return nil, err
	}
	return &engine.Cancellation{Reference: reply.Reference}, nil
}

// Cancel fences the key. It fails with webhook.ErrHappened if its request has succeeded.
func (p *Provider) Cancel(ctx context.Context, key string) error {
	_, err := p.client.Ask(ctx, webhook.Request{Verb: webhook.Cancel, Path: Path, Key: key}, &webhook.Outcome{})
	return err
}

func (p *Provider) ask(ctx context.Context, action Action, request webhook.Request) (reply Reply, done bool, err error) {
	status, err := p.client.Ask(ctx, request, &reply)
	if err != nil {
		return Reply{}, false, err
	}
	done, err = reply.check(action, status)
	return reply, done, err
}

// check reports whether the action has succeeded.
func (r *Reply) check(action Action, status webhook.Status) (done bool, err error) {
	switch {
	case status != webhook.Succeeded:
		return false, nil
	case r.Action != action:
		return false, fmt.Errorf("%w: it is about another action than %s", webhook.ErrMismatch, action)
	case !webhook.IsReference(r.Reference):
		return false, fmt.Errorf("%w: the reference must have 1 to 255 visible ASCII characters", webhook.ErrMalformed)
	case r.TrackingNumber != "" && !webhook.IsReference(r.TrackingNumber):
		return false, fmt.Errorf("%w: the tracking number must have 1 to 255 visible ASCII characters", webhook.ErrMalformed)
	}
	return true, nil
}
