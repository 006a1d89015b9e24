// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated

import (
	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/payment/engine"
)

// The codes of the refusals of captures, voids and refunds.
const (
	CodeChargeNotFound      = "charge_not_found"
	CodeRefundExceedsCharge = "refund_exceeds_charge"
	CodeCurrencyMismatch    = "currency_mismatch"
	CodeInvalidAmount       = "invalid_amount"
	CodeAlreadyCaptured     = "already_captured"
	CodeAlreadyVoided       = "already_voided"
	CodeAmountMismatch      = "amount_mismatch"
)

// standing is where a charge or an authorisation stands.
type standing struct {
	*ledger.Entry

	captures, voids    int
	captured, refunded int64
}

// decide holds a capture, a void or a refund against what it is of.
func decide(tx *ledger.Tx, request engine.Request) error {
	s, err := standingOf(tx, request.Charge)
	switch {
	case err != nil:
		return err
	case s.Entry == nil:
		return &calls.Refusal{Code: CodeChargeNotFound, Message: "There is no such charge or authorisation"}
	case request.Amount.Currency != s.Amount.Currency:
		return &calls.Refusal{Code: CodeCurrencyMismatch, Message: "The charge is in another currency"}
	case request.Action == engine.Refund:
		return s.refund(request)
	case s.Kind != ledger.Authorization:
		return &calls.Refusal{Code: CodeChargeNotFound, Message: "There is no such authorisation"}
	}
	return s.end(request)
}

func standingOf(tx *ledger.Tx, reference string) (s standing, err error) {
	for _, kind := range []ledger.Kind{ledger.Charge, ledger.Authorization} {
		if s.Entry == nil {
			if s.Entry, err = tx.Done(kind, reference); err != nil {
				return s, err
			}
		}
	}
	if s.captures, s.captured, err = tx.Total(ledger.Capture, reference); err != nil {
		return s, err
	}
	if s.voids, _, err = tx.Total(ledger.Void, reference); err != nil {
		return s, err
	}
	_, s.refunded, err = tx.Total(ledger.Refund, reference)
	return s, err
}

// refund refuses more than what was taken and not returned yet.
func (s standing) refund(request engine.Request) error {
	taken := s.captured
	if s.Kind == ledger.Charge {
		taken = s.Amount.Minor
	}
	if request.Amount.Minor > taken-s.refunded {
		return &calls.Refusal{Code: CodeRefundExceedsCharge, Message: "The charge does not have that much left to refund"}
	}
	return nil
}

// end refuses to capture or void an authorisation in part, or twice.
func (s standing) end(request engine.Request) error {
	switch {
	case s.captures > 0:
		return &calls.Refusal{Code: CodeAlreadyCaptured, Message: "The authorisation was captured before"}
	case s.voids > 0:
		return &calls.Refusal{Code: CodeAlreadyVoided, Message: "The authorisation was voided before"}
	case request.Amount != s.Amount:
		return &calls.Refusal{Code: CodeAmountMismatch, Message: "The authorisation is for another amount"}
	}
	return nil
}
