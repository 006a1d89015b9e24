// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated

import (
	"context"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// The codes of the refusals of refunds.
const (
	CodeChargeNotFound      = "charge_not_found"
	CodeRefundExceedsCharge = "refund_exceeds_charge"
	CodeCurrencyMismatch    = "currency_mismatch"
	CodeInvalidAmount       = "invalid_amount"
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

// Charge does what the token says, once for the key.
func (p *Provider) Charge(ctx context.Context, request engine.ChargeRequest) (engine.Charge, error) {
	behaviour := behaviourOf(request.Token)
	if request.Amount.Minor < 0 {
		behaviour = refuse(CodeInvalidAmount, "A charge can't be negative")
	}
	entry, err := p.simulator.Perform(ctx, ledger.Request{
		Key: request.Key, Kind: ledger.Charge, Amount: request.Amount, Correlation: request.Correlation,
	}, behaviour)
	if err != nil {
		return engine.Charge{}, err
	}
	return engine.Charge{Reference: entry.Reference, Amount: entry.Amount}, nil
}

// Refund returns money of a charge, once for the key, and never more than was charged.
func (p *Provider) Refund(ctx context.Context, request engine.RefundRequest) (engine.Refund, error) {
	entry, err := p.simulator.Perform(ctx, ledger.Request{
		Key: request.Key, Kind: ledger.Refund, Subject: request.Charge, Amount: request.Amount, Correlation: request.Correlation,
	}, ledger.Behaviour{Decide: func(tx *ledger.Tx) error { return decideRefund(tx, request) }})
	if err != nil {
		return engine.Refund{}, err
	}
	return engine.Refund{Reference: entry.Reference, Amount: entry.Amount}, nil
}

func decideRefund(tx *ledger.Tx, request engine.RefundRequest) error {
	charge, err := tx.Done(ledger.Charge, request.Charge)
	if err != nil {
		return err
	}
	_, refunded, err := tx.Total(ledger.Refund, request.Charge)
	if err != nil {
		return err
	}
	switch {
	case charge == nil:
		return &calls.Refusal{Code: CodeChargeNotFound, Message: "There is no such charge"}
	case request.Amount.Minor < 0:
		return &calls.Refusal{Code: CodeInvalidAmount, Message: "A refund can't be negative"}
	case request.Amount.Currency != charge.Amount.Currency:
		return &calls.Refusal{Code: CodeCurrencyMismatch, Message: "The charge is in another currency"}
	case request.Amount.Minor > charge.Amount.Minor-refunded:
		return &calls.Refusal{Code: CodeRefundExceedsCharge, Message: "The charge does not have that much left to refund"}
	}
	return nil
}

// FindCharge returns the charge of the key, nil if there is none, or its refusal.
func (p *Provider) FindCharge(ctx context.Context, key string) (*engine.Charge, error) {
	entry, err := p.simulator.Find(ctx, ledger.Charge, key)
	if err != nil || entry == nil {
		return nil, err
	}
	return &engine.Charge{Reference: entry.Reference, Amount: entry.Amount}, nil
}

// FindRefund returns the refund of the key, nil if there is none, or its refusal.
func (p *Provider) FindRefund(ctx context.Context, key string) (*engine.Refund, error) {
	entry, err := p.simulator.Find(ctx, ledger.Refund, key)
	if err != nil || entry == nil {
		return nil, err
	}
	return &engine.Refund{Reference: entry.Reference, Amount: entry.Amount}, nil
}

// Cancel fences the key. It fails with ledger.ErrDone if money was moved under it.
func (p *Provider) Cancel(ctx context.Context, key string) error { return p.simulator.Cancel(ctx, key) }
