// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated

import (
	"context"
	"fmt"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// Options configure a Provider.
type Options = ledger.Options

// Provider is a payment provider that moves no money.
type Provider struct {
	simulator *ledger.Simulator
}

var _ engine.Provider = (*Provider)(nil)

// New returns a provider that keeps its books in the ledger.
func New(book *ledger.Ledger, options Options) *Provider {
	return &Provider{simulator: ledger.NewSimulator(book, options)}
}

// kinds are the entries of the ledger that the actions make.
var kinds = map[engine.Action]ledger.Kind{
	engine.Charge: ledger.Charge, engine.Authorize: ledger.Authorization, engine.Capture: ledger.Capture,
	engine.Void: ledger.Void, engine.Refund: ledger.Refund,
}

// Do does what the token of the charge or authorisation says, once for the key.
func (p *Provider) Do(ctx context.Context, request engine.Request) (engine.Movement, error) {
	kind, known := kinds[request.Action]
	if !known {
		return engine.Movement{}, unknownAction(request.Action)
	}
	behaviour, err := p.behaviour(ctx, request)
	if err != nil {
		return engine.Movement{}, err
	}
	entry, err := p.simulator.Perform(ctx, ledger.Request{
		Key: request.Key, Kind: kind, Subject: request.Charge, Amount: request.Amount, Correlation: request.Correlation,
	}, behaviour)
	if err != nil {
		return engine.Movement{}, err
	}
	return movement(entry), nil
}

// behaviour is the token's for what begins with one, and for what follows the one that is noted with the charge.
func (p *Provider) behaviour(ctx context.Context, request engine.Request) (ledger.Behaviour, error) {
	if request.Amount.Minor < 0 {
		return refuse(CodeInvalidAmount, "An amount can't be negative"), nil
	}
	if request.Action == engine.Charge || request.Action == engine.Authorize {
		return behaviourOf(request.Token), nil
	}
	charge, err := p.simulator.Done(ctx, request.Charge)
	if err != nil {
		return ledger.Behaviour{}, err
	}
	behaviour := ledger.Behaviour{}
	if charge != nil {
		behaviour = laterBehaviour(request.Action, charge.Note)
	}
	if behaviour.Decide == nil {
		behaviour.Decide = func(tx *ledger.Tx) error { return decide(tx, request) }
	}
	return behaviour, nil
}

// Find returns what became of the key, nil if there is nothing, or its refusal.
func (p *Provider) Find(ctx context.Context, request engine.Request) (*engine.Movement, error) {
	kind, known := kinds[request.Action]
	if !known {
		return nil, unknownAction(request.Action)
	}
	entry, err := p.simulator.Find(ctx, kind, request.Key)
	if err != nil || entry == nil {
		return nil, err
	}
	found := movement(*entry)
	return &found, nil
}

// Cancel fences the key. It fails with ledger.ErrDone if money was moved under it.
func (p *Provider) Cancel(ctx context.Context, request engine.Request) error {
	return p.simulator.Cancel(ctx, request.Key)
}

func movement(entry ledger.Entry) engine.Movement {
	return engine.Movement{Reference: entry.Reference, Amount: entry.Amount}
}

func unknownAction(action engine.Action) error {
	return fmt.Errorf("%w: the action %q is unknown", calls.ErrMisconfigured, action)
}
