// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

func TestMain(m *testing.M) { providertest.Main(m) }

var actions = []engine.Action{engine.Charge, engine.Authorize, engine.Capture, engine.Void, engine.Refund}

// TestAProviderOverTLSKeepsTheContract has two processes serve one ledger.
func TestAProviderOverTLSKeepsTheContract(t *testing.T) {
	var names []string
	for _, action := range actions {
		names = append(names, string(action))
	}
	ledgertest.ContractOf(t, names, func(t *testing.T, path string) []ledgertest.Operation {
		t.Helper()
		process := providertest.Start(t, provider.Options{Ledger: path, TLS: true, Clock: ledgertest.Now})
		payments := providertest.Client(t, process, paymentwebhook.New)
		var operations []ledgertest.Operation
		for _, action := range actions {
			operations = append(operations, operation(payments, action))
		}
		return operations
	})
}

func operation(payments engine.Provider, action engine.Action) ledgertest.Operation {
	o := ledgertest.Operation{
		Name: string(action),
		Find: func(ctx context.Context, key string) (string, error) {
			found, err := payments.Find(ctx, request(action, key))
			if found == nil {
				return "", inTermsOfTheLedger(err)
			}
			return found.Reference, nil
		},
		Cancel: func(ctx context.Context, key string) error {
			return inTermsOfTheLedger(payments.Cancel(ctx, engine.Request{Action: action, Key: key}))
		},
	}
	begin := action
	switch action {
	case engine.Charge, engine.Authorize:
		with := func(token string) ledgertest.Call {
			return func(ctx context.Context, key string) (string, error) {
				asked := request(action, key)
				asked.Token = token
				return perform(ctx, payments, asked)
			}
		}
		o.Do, o.Refuse = with("sim_approve"), with("sim_decline")
		o.Unanswered = map[string]ledgertest.Call{"lost": with("sim_lost_reply")}
		return o
	case engine.Refund:
		begin = engine.Charge
	default:
		begin = engine.Authorize
	}
	with := func(token string) ledgertest.Call {
		return func(ctx context.Context, key string) (string, error) {
			first := request(begin, "charge for "+key)
			first.Token = token
			charge, err := perform(ctx, payments, first)
			if err != nil {
				return "", err
			}
			return perform(ctx, payments, of(request(action, key), charge))
		}
	}
	o.Do = with("sim_approve")
	o.Unanswered = map[string]ledgertest.Call{"lost": with("sim_" + string(action) + "_lost")}
	o.Refuse = func(ctx context.Context, key string) (string, error) {
		return perform(ctx, payments, of(request(action, key), "ch_unknown"))
	}
	return o
}

func of(request engine.Request, charge string) engine.Request {
	request.Charge = charge
	return request
}

func perform(ctx context.Context, payments engine.Provider, request engine.Request) (string, error) {
	movement, err := payments.Do(ctx, request)
	return movement.Reference, inTermsOfTheLedger(err)
}

// inTermsOfTheLedger translates what the suite knows by errors of the ledger, which does not go over HTTP.
func inTermsOfTheLedger(err error) error {
	switch {
	case errors.Is(err, webhook.ErrHappened):
		return ledger.ErrDone
	case errors.Is(err, webhook.ErrKeyReused), errors.Is(err, webhook.ErrMismatch) && strings.Contains(err.Error(), "another action"):
		return &calls.Refusal{Code: ledger.CodeKeyReused}
	}
	return err
}

// request asks for 10 USD.
func request(action engine.Action, key string) engine.Request {
	return engine.Request{
		Action: action, Key: key, Amount: saga.Money{Currency: "USD", Minor: 1000}, Correlation: "store/shop/order/1",
	}
}
