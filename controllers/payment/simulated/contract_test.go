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
		return []ledgertest.Operation{
			beginning(provider, engine.Charge), beginning(provider, engine.Authorize),
			following(provider, engine.Capture), following(provider, engine.Void), following(provider, engine.Refund),
		}
	})
}

// beginning is a charge or an authorisation, which a token decides about.
func beginning(provider *simulated.Provider, action engine.Action) ledgertest.Operation {
	with := func(token string) ledgertest.Call {
		return func(ctx context.Context, key string) (string, error) {
			movement, err := provider.Do(ctx, request(action, key, token))
			return movement.Reference, err
		}
	}
	operation := operation(provider, action)
	operation.Do, operation.Refuse = with("sim_approve"), with("sim_decline")
	operation.Unanswered = map[string]ledgertest.Call{"lost": with("sim_lost_reply"), "slow": with("sim_slow_60")}
	return operation
}

// following is what happens to a charge or an authorisation later.
func following(provider *simulated.Provider, action engine.Action) ledgertest.Operation {
	begin := engine.Authorize
	if action == engine.Refund {
		begin = engine.Charge
	}
	with := func(token string) ledgertest.Call {
		return func(ctx context.Context, key string) (string, error) {
			charge, err := provider.Do(ctx, request(begin, "charge for "+key, token))
			if err != nil {
				return "", err
			}
			movement, err := provider.Do(ctx, later(action, key, charge.Reference, 1000))
			return movement.Reference, err
		}
	}
	operation := operation(provider, action)
	operation.Do = with("sim_approve")
	operation.Refuse = func(ctx context.Context, key string) (string, error) {
		movement, err := provider.Do(ctx, later(action, key, "ch_unknown", 1))
		return movement.Reference, err
	}
	operation.Unanswered = map[string]ledgertest.Call{"lost": with("sim_" + string(action) + "_lost")}
	return operation
}

func operation(provider *simulated.Provider, action engine.Action) ledgertest.Operation {
	return ledgertest.Operation{
		Name: string(action),
		Find: func(ctx context.Context, key string) (string, error) {
			found, err := provider.Find(ctx, engine.Request{Action: action, Key: key})
			if found == nil {
				return "", err
			}
			return found.Reference, err
		},
		Cancel: func(ctx context.Context, key string) error {
			return provider.Cancel(ctx, engine.Request{Action: action, Key: key})
		},
	}
}

func request(action engine.Action, key, token string) engine.Request {
	return engine.Request{Action: action, Key: key, Token: token, Amount: usd(1000), Correlation: "store/shop/order/1"}
}

func chargeRequest(key, token string) engine.Request { return request(engine.Charge, key, token) }

func later(action engine.Action, key, charge string, minor int64) engine.Request {
	return engine.Request{Action: action, Key: key, Charge: charge, Amount: usd(minor), Correlation: "store/shop/order/1"}
}

func refundRequest(key, charge string, minor int64) engine.Request {
	return later(engine.Refund, key, charge, minor)
}
