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
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
	shippingwebhook "github.com/eventcore/order-operator/controllers/shipping/webhook"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

func TestMain(m *testing.M) { providertest.Main(m) }

// TestACarrierOverTLSKeepsTheContract has two processes serve one ledger.
func TestACarrierOverTLSKeepsTheContract(t *testing.T) {
	ledgertest.ContractOf(t, []string{"create", "cancel"}, func(t *testing.T, path string) []ledgertest.Operation {
		t.Helper()
		process := providertest.Start(t, provider.Options{Ledger: path, TLS: true, Clock: ledgertest.Now})
		carrier := providertest.Client(t, process, shippingwebhook.New)
		return []ledgertest.Operation{createOperation(carrier), cancelOperation(carrier)}
	})
}

func createOperation(carrier engine.Provider) ledgertest.Operation {
	to := func(name string) ledgertest.Call {
		return func(ctx context.Context, key string) (string, error) {
			shipment, err := carrier.Create(ctx, shipmentRequest(key, name))
			return shipment.Reference, inTermsOfTheLedger(err)
		}
	}
	return ledgertest.Operation{
		Name: "create", Do: to("Ada Example"), Refuse: to("SIM REFUSE"),
		Unanswered: map[string]ledgertest.Call{"lost": to("SIM LOST")},
		Find: func(ctx context.Context, key string) (string, error) {
			found, err := carrier.FindShipment(ctx, key)
			if found == nil {
				return "", inTermsOfTheLedger(err)
			}
			return found.Reference, nil
		},
		Cancel: fence(carrier),
	}
}

func cancelOperation(carrier engine.Provider) ledgertest.Operation {
	of := func(name string) ledgertest.Call {
		return func(ctx context.Context, key string) (string, error) {
			shipment, err := carrier.Create(ctx, shipmentRequest("shipment for "+key, name))
			if err != nil {
				return "", err
			}
			return cancel(ctx, carrier, key, shipment.Reference)
		}
	}
	return ledgertest.Operation{
		Name: "cancel", Do: of("Ada Example"),
		Refuse:     func(ctx context.Context, key string) (string, error) { return cancel(ctx, carrier, key, "sh_unknown") },
		Unanswered: map[string]ledgertest.Call{"lost": of("SIM CANCEL LOST")},
		Find: func(ctx context.Context, key string) (string, error) {
			found, err := carrier.FindCancellation(ctx, key)
			if found == nil {
				return "", inTermsOfTheLedger(err)
			}
			return found.Reference, nil
		},
		Cancel: fence(carrier),
	}
}

func cancel(ctx context.Context, carrier engine.Provider, key, shipment string) (string, error) {
	cancellation, err := carrier.CancelShipment(ctx, engine.CancelRequest{Key: key, Shipment: shipment, Correlation: correlation})
	return cancellation.Reference, inTermsOfTheLedger(err)
}

func fence(carrier engine.Provider) func(context.Context, string) error {
	return func(ctx context.Context, key string) error { return inTermsOfTheLedger(carrier.Cancel(ctx, key)) }
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

const correlation = "store/shop/order/1"

func shipmentRequest(key, name string) engine.ShipmentRequest {
	return engine.ShipmentRequest{
		Key: key, Correlation: correlation, Lines: []saga.StockLine{{Product: "laptop-001", Quantity: 1}},
		Address: saga.Address{Name: name, Lines: []string{"1 Sample Street"}, City: "Springfield", Country: "US"},
	}
}
