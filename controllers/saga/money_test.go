// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/controllers/saga"
)

func TestMoneyIsReadAsItsCurrencyCounts(t *testing.T) {
	for _, test := range []struct {
		currency, amount string
		minor            int64
		text             string // empty: refused
	}{
		{"USD", "1200.00", 120_000, "1200.00"},
		{"USD", "1200", 120_000, "1200.00"},
		{"USD", "0.5", 50, "0.50"},
		{"USD", "0", 0, "0.00"},
		{"JPY", "150", 150, "150"},
		{"BHD", "1.234", 1_234, "1.234"},
		{"USD", "999999999.99", 99_999_999_999, "999999999.99"},
		{"USD", "1.234", 0, ""},
		{"JPY", "1.5", 0, ""},
		{"USD", "1000000000", 0, ""},
		{"USD", "01", 0, ""},
		{"USD", "-1", 0, ""},
		{"USD", "1.", 0, ""},
		{"USD", ".5", 0, ""},
		{"USD", "1e3", 0, ""},
		{"USD", "1,5", 0, ""},
		{"USD", "1\n", 0, ""},
		{"USD", "", 0, ""},
		{"XYZ", "1", 0, ""},
		{"usd", "1", 0, ""},
	} {
		money, err := saga.ParseMoney(test.currency, test.amount)
		if test.text == "" {
			if err == nil {
				t.Errorf("%s %q was read as %v", test.currency, test.amount, money)
			}
			continue
		}
		if err != nil || money.Minor != test.minor || money.String() != test.text {
			t.Errorf("%s %q is %d, printed %q (%v)", test.currency, test.amount, money.Minor, money, err)
		}
	}
}

func TestMoneyIsPrintedForEveryAmount(t *testing.T) {
	for money, want := range map[saga.Money]string{
		usd(-5):                "-0.05",
		usd(-12_345):           "-123.45",
		usd(math.MaxInt64):     "92233720368547758.07",
		usd(math.MinInt64):     "-92233720368547758.08",
		{Minor: 7}:             "7",
		{}:                     "0",
		{Currency: "JPY"}:      "0",
		{"BHD", -1}:            "-0.001",
		{"JPY", math.MinInt64}: "-9223372036854775808",
	} {
		if got := money.String(); got != want {
			t.Errorf("%+v is printed %q, want %q", money, got, want)
		}
	}
}

func TestWhatIsPrintedIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]string{"USD", "EUR", "JPY", "BHD", "CHF"}).Draw(t, "currency")
		money := saga.Money{Currency: code, Minor: rapid.Int64Range(0, 999_999_999).Draw(t, "minor")}
		if again, err := saga.ParseMoney(code, money.String()); err != nil || again != money {
			t.Fatalf("%+v was printed %q and read as %+v (%v)", money, money, again, err)
		}
	})
}

func FuzzParseMoney(f *testing.F) {
	for _, seed := range []string{"0", "12.50", "999999999.999", "1.", "-1", "１"} {
		f.Add("USD", seed)
		f.Add("BHD", seed)
	}
	f.Fuzz(func(t *testing.T, code, amount string) {
		money, err := saga.ParseMoney(code, amount)
		if err != nil {
			return
		}
		printed := money.String()
		if again, err := saga.ParseMoney(code, printed); err != nil || again != money {
			t.Errorf("%s %q was read as %+v, printed %q and read as %+v (%v)", code, amount, money, printed, again, err)
		}
		if !strings.HasPrefix(printed, amount) && !strings.HasPrefix(amount, printed) {
			t.Errorf("%s %q is printed %q", code, amount, printed)
		}
	})
}

func TestTheLargestOrderCanBeCounted(t *testing.T) {
	price, err := saga.ParseMoney("BHD", "999999999.999")
	if err != nil {
		t.Fatal(err)
	}
	var lines []saga.Line
	for range 64 {
		lines = append(lines, saga.Line{Product: "p", Quantity: 100_000, UnitPrice: price})
	}
	total, err := saga.Total(lines)
	if want := int64(999_999_999_999) * 100_000 * 64; err != nil || total.Minor != want {
		t.Errorf("%d, want %d (%v)", total.Minor, want, err)
	}
}

func TestATotalIsRefusedRatherThanWrong(t *testing.T) {
	line := func(quantity, minor int64) saga.Line {
		return saga.Line{Product: "p", Quantity: quantity, UnitPrice: usd(minor)}
	}
	for name, lines := range map[string][]saga.Line{
		"overflow of a product": {line(2, math.MaxInt64)},
		"overflow of the sum":   {line(1, math.MaxInt64), line(1, 1)},
		"a negative price":      {line(1, -1)},
		"a negative quantity":   {line(-1, 1)},
		"two currencies":        {line(1, 1), {Product: "q", Quantity: 1, UnitPrice: saga.Money{Currency: "EUR", Minor: 1}}},
	} {
		if total, err := saga.Total(lines); err == nil {
			t.Errorf("%s: %v", name, total)
		}
	}
	if total, err := saga.Total([]saga.Line{line(1, math.MaxInt64), line(0, math.MaxInt64)}); err != nil || total.Minor != math.MaxInt64 {
		t.Errorf("the largest amount: %v (%v)", total, err)
	}
}
