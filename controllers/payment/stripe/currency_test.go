// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/payment/engine"
	"github.com/eventcore/order-operator/controllers/payment/stripe"
	"github.com/eventcore/order-operator/controllers/saga"
)

func TestAmountsAreWrittenAsStripeWritesThem(t *testing.T) {
	s := open(t)
	for _, row := range []struct {
		currency, amount string
		want             int64
	}{
		{"USD", "1200.00", 120000},
		{"EUR", "0.50", 50},
		{"HUF", "500.50", 50050},
		{"TWD", "800.45", 80045},
		{"JPY", "500", 500},
		{"KRW", "50000", 50000},
		{"VND", "20000", 20000},
		{"XOF", "655", 655},
		{"CLP", "990", 990},
		{"ISK", "5", 500},
		{"UGX", "5", 500},
		{"MGA", "1500.00", 1500},
		{"KWD", "5.120", 5120},
		{"BHD", "0.100", 100},
		{"TND", "12.340", 12340},
	} {
		amount, err := saga.ParseMoney(row.currency, row.amount)
		if err != nil {
			t.Fatal(err)
		}
		request := engine.Request{Action: engine.Charge, Key: row.currency, Amount: amount, Correlation: row.currency, Token: visa}
		request.Prepared, err = s.Prepare(t.Context(), request)
		if err != nil {
			t.Errorf("%s %s: %v", row.currency, row.amount, err)
			continue
		}
		if movement := s.does(request); movement.Amount != amount {
			t.Errorf("%s %s came back as %+v", row.currency, row.amount, movement.Amount)
		}
		if got := s.fake.Ledger(t).Books()[row.currency]; got != row.want {
			t.Errorf("%s %s was charged as %d instead of %d", row.currency, row.amount, got, row.want)
		}
	}
}

func TestAmountsThatStripeCannotExpressAreRefusedWithoutACall(t *testing.T) {
	s := open(t)
	for _, row := range []struct {
		currency, amount, remedy string
	}{
		{"KWD", "5.124", "a multiple of 0.010"},
		{"OMR", "0.001", "a multiple of 0.010"},
		{"MGA", "10.50", "a multiple of 1.00"},
	} {
		amount, err := saga.ParseMoney(row.currency, row.amount)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Prepare(t.Context(), engine.Request{Action: engine.Charge, Key: row.currency, Amount: amount, Token: visa})
		if ledgertest.Code(err) != stripe.CodeAmountNotSupported || !strings.Contains(err.Error(), row.remedy) {
			t.Errorf("%s %s: %v", row.currency, row.amount, err)
		}
	}
	for _, amount := range []saga.Money{{Currency: "ISK", Minor: 1 << 62}, {Currency: "XXX", Minor: 1}, {Minor: 1}} {
		_, err := s.Prepare(t.Context(), engine.Request{Action: engine.Charge, Key: "key", Amount: amount, Token: visa})
		if err == nil || errors.Is(err, t.Context().Err()) || ledgertest.Code(err) == "" {
			t.Errorf("%+v: %v", amount, err)
		}
	}
	if count := len(s.fake.Ledger(t).Requests); count > 0 {
		t.Errorf("Stripe was asked %d times", count)
	}
}
