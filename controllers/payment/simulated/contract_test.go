// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated_test

import (
	"context"
	"testing"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/simulated"
)

func TestTheProviderKeepsItsContract(t *testing.T) {
	ledgertest.Contract(t, func(book *ledger.Ledger, options ledger.Options) []ledgertest.Operation {
		provider := simulated.New(book, options)
		return []ledgertest.Operation{chargeOperation(provider), refundOperation(provider)}
	})
}

func chargeOperation(provider *simulated.Provider) ledgertest.Operation {
	with := func(token string) ledgertest.Call {
		return func(ctx context.Context, key string) (string, error) {
			charge, err := provider.Charge(ctx, chargeRequest(key, token))
			return charge.Reference, err
		}
	}
	return ledgertest.Operation{
		Name: "charge", Do: with("sim_approve"), Refuse: with("sim_decline"),
		Unanswered: map[string]ledgertest.Call{"lost": with("sim_lost_reply"), "slow": with("sim_slow_60")},
		Find: func(ctx context.Context, key string) (string, error) {
			charge, err := provider.FindCharge(ctx, key)
			if charge == nil {
				return "", err
			}
			return charge.Reference, err
		},
		Cancel: provider.Cancel,
	}
}

func refundOperation(provider *simulated.Provider) ledgertest.Operation {
	return ledgertest.Operation{
		Name: "refund",
		Do: func(ctx context.Context, key string) (string, error) {
			charge, err := provider.Charge(ctx, chargeRequest("charge", "sim_approve"))
			if err != nil {
				return "", err
			}
			refund, err := provider.Refund(ctx, refundRequest(key, charge.Reference, 1))
			return refund.Reference, err
		},
		Refuse: func(ctx context.Context, key string) (string, error) {
			refund, err := provider.Refund(ctx, refundRequest(key, "ch_unknown", 1))
			return refund.Reference, err
		},
		Find: func(ctx context.Context, key string) (string, error) {
			refund, err := provider.FindRefund(ctx, key)
			if refund == nil {
				return "", err
			}
			return refund.Reference, err
		},
		Cancel: provider.Cancel,
	}
}

func chargeRequest(key, token string) engine.ChargeRequest {
	return engine.ChargeRequest{Key: key, Token: token, Amount: usd(1000), Correlation: "store/shop/order/1"}
}

func refundRequest(key, charge string, minor int64) engine.RefundRequest {
	return engine.RefundRequest{Key: key, Charge: charge, Amount: usd(minor), Correlation: "store/shop/order/1"}
}
