// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"fmt"

	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/webhook"
)

// Path is where payments are requested, looked up and fenced.
const Path = "/v1/payments"

// Request is the body that asks for a payment.
type Request struct {
	Action      engine.Action `json:"action"`
	Amount      saga.Money    `json:"amount"`
	Correlation string        `json:"correlation"`
	// Token is there for charge and authorize, Charge for capture, void and refund.
	Token  string `json:"token,omitzero"`
	Charge string `json:"charge,omitzero"`
}

// Reply is the body of what is answered. Action, Reference and Amount belong to what has succeeded.
type Reply struct {
	webhook.Outcome

	Action    engine.Action `json:"action,omitzero"`
	Reference string        `json:"reference,omitzero"`
	Amount    saga.Money    `json:"amount,omitzero"`
}

// Provider calls a payment provider over HTTP.
type Provider struct{ client *webhook.Client }

var _ engine.Provider = (*Provider)(nil)

// New returns a provider. It calls nobody yet.
func New(options webhook.Options) (*Provider, error) {
	client, err := webhook.New(options)
	if err != nil {
		return nil, err
	}
	return &Provider{client: client}, nil
}

// Close closes the connections that nobody uses.
func (p *Provider) Close() { p.client.Close() }

// Do asks for the payment.
func (p *Provider) Do(ctx context.Context, request engine.Request) (engine.Movement, error) {
	var reply Reply
	status, err := p.client.Ask(ctx, do(request), &reply)
	if err != nil {
		return engine.Movement{}, err
	}
	movement, err := reply.movement(request, status)
	if err != nil {
		return engine.Movement{}, err
	}
	return *movement, nil
}

func do(request engine.Request) webhook.Request {
	return webhook.Request{
		Verb: webhook.Do, Path: Path, Key: request.Key, Secret: request.Token,
		Body: Request{
			Action: request.Action, Amount: request.Amount, Correlation: request.Correlation,
			Token: request.Token, Charge: request.Charge,
		},
	}
}

// Find looks the payment up by its key.
func (p *Provider) Find(ctx context.Context, request engine.Request) (*engine.Movement, error) {
	var reply Reply
	status, err := p.client.Ask(ctx, about(request, webhook.Find), &reply)
	if err != nil {
		return nil, err
	}
	return reply.movement(request, status)
}

// Cancel fences the payment's key. It fails with webhook.ErrHappened if the payment has succeeded.
func (p *Provider) Cancel(ctx context.Context, request engine.Request) error {
	_, err := p.client.Ask(ctx, about(request, webhook.Cancel), &webhook.Outcome{})
	return err
}

func about(request engine.Request, verb webhook.Verb) webhook.Request {
	return webhook.Request{Verb: verb, Path: Path, Key: request.Key}
}

// movement returns what has succeeded, nil if nothing has. It must be what was asked for, all of it.
func (r *Reply) movement(request engine.Request, status webhook.Status) (*engine.Movement, error) {
	switch {
	case status != webhook.Succeeded:
		return nil, nil //nolint:nilnil // the key was never seen, or is fenced
	case r.Action != request.Action:
		return nil, fmt.Errorf("%w: it is about another action than %s", webhook.ErrMismatch, request.Action)
	case r.Amount != request.Amount:
		return nil, fmt.Errorf("%w: the amount is not %s %s", webhook.ErrMismatch, request.Amount, request.Amount.Currency)
	case !webhook.IsReference(r.Reference):
		return nil, fmt.Errorf("%w: the reference must have 1 to 255 visible ASCII characters", webhook.ErrMalformed)
	}
	return &engine.Movement{Reference: r.Reference, Amount: r.Amount}, nil
}
