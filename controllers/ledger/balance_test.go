// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"maps"
	"testing"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/saga"
)

func TestBalancesCountWhatHappenedByOrder(t *testing.T) {
	payments, shipments := ledgertest.Open(t, ""), ledgertest.Open(t, "")
	refuse := func(*ledger.Tx) error { return &calls.Refusal{Code: "no"} }
	for _, row := range []struct {
		book   *ledger.Ledger
		order  string
		kind   ledger.Kind
		minor  int64
		decide func(*ledger.Tx) error
	}{
		{payments, "completed", ledger.Charge, 700, nil},
		{shipments, "completed", ledger.Shipment, 0, nil},
		{payments, "undone", ledger.Charge, 900, nil},
		{payments, "undone", ledger.Charge, 900, nil},
		{shipments, "undone", ledger.Shipment, 0, nil},
		{shipments, "undone", ledger.Cancellation, 0, nil},
		{payments, "undone", ledger.Refund, 300, nil},
		{payments, "undone", ledger.Refund, 500, nil},
		{payments, "captured", ledger.Authorization, 500, nil},
		{payments, "captured", ledger.Capture, 500, nil},
		{payments, "captured", ledger.Refund, 200, nil},
		{payments, "voided", ledger.Authorization, 400, nil},
		{payments, "voided", ledger.Void, 400, nil},
		{payments, "held", ledger.Authorization, 300, nil},
		{payments, "refused", ledger.Charge, 100, refuse},
		{shipments, "refused", ledger.Shipment, 0, refuse},
	} {
		key := row.order + string(row.kind) + usd(row.minor).String()
		if found, err := row.book.Find(t.Context(), key); err != nil || found != nil {
			key += " again"
		}
		record(t, row.book, ledger.Request{Key: key, Kind: row.kind, Correlation: row.order, Amount: usd(row.minor)}, row.decide)
	}
	if err := payments.Fence(t.Context(), "fenced", now); err != nil {
		t.Fatal(err)
	}
	want := map[string]ledger.Balance{
		"completed": {Charged: usd(700), Shipments: 1},
		"undone":    {Charged: usd(1800), Refunded: usd(800), Shipments: 1, Cancelled: 1},
		"captured":  {Charged: usd(500), Refunded: usd(200), Authorized: usd(500), Captured: usd(500)},
		"voided":    {Authorized: usd(400), Voided: usd(400)},
		"held":      {Authorized: usd(300)},
		"refused":   {},
	}
	got, err := ledger.Balances(t.Context(), payments, shipments)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("the balances are %+v instead of %+v", got, want)
	}
	for order, held := range map[string]int64{"captured": 0, "voided": 0, "held": 300, "completed": 0} {
		if got[order].Held() != held {
			t.Errorf("%s: %d is held", order, got[order].Held())
		}
	}
}

func TestCurrenciesAreNotAddedUp(t *testing.T) {
	book := ledgertest.Open(t, "")
	for _, currency := range []string{"USD", "EUR"} {
		record(t, book, ledger.Request{
			Key: currency, Kind: ledger.Charge, Correlation: "order", Amount: saga.Money{Currency: currency, Minor: 1},
		}, nil)
	}
	if balances, err := ledger.Balances(t.Context(), book); err == nil {
		t.Errorf("the balances are %+v", balances)
	}
}
