// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package stripe

import (
	"fmt"
	"math"

	"github.com/bojanz/currency"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/saga"
)

// unit says how Stripe writes amounts of a currency.
type unit struct {
	// digits are those after the point.
	digits int
	// multiple is what an amount must be a multiple of.
	multiple int64
}

// cents is the unit of every currency that is not in units.
var cents = unit{digits: 2, multiple: 1}

// units are the currencies that Stripe's API writes in another way than with two digits, which is not always how ISO
// 4217 does it: MGA has two digits there, ISK and UGX none. Source: https://docs.stripe.com/currencies.
var units = map[string]unit{
	// Without fractions.
	"BIF": {0, 1}, "CLP": {0, 1}, "DJF": {0, 1}, "GNF": {0, 1}, "JPY": {0, 1}, "KMF": {0, 1}, "KRW": {0, 1}, "MGA": {0, 1},
	"PYG": {0, 1}, "RWF": {0, 1}, "VND": {0, 1}, "VUV": {0, 1}, "XAF": {0, 1}, "XOF": {0, 1}, "XPF": {0, 1},
	// Written with two digits, which must be 00.
	"ISK": {2, 100}, "UGX": {2, 100},
	// Written with three digits, of which the last one must be 0.
	"BHD": {3, 10}, "JOD": {3, 10}, "KWD": {3, 10}, "OMR": {3, 10}, "TND": {3, 10},
}

func unitOf(code string) unit {
	if found, ok := units[code]; ok {
		return found
	}
	return cents
}

// toStripe returns the amount as Stripe writes it. Amounts that Stripe can't express are a *calls.Refusal.
func toStripe(amount saga.Money) (int64, error) {
	digits, ok := currency.GetDigits(amount.Currency)
	if !ok {
		return 0, &calls.Refusal{Code: CodeCurrencyNotSupported, Message: "The currency is not in ISO 4217"}
	}
	target := unitOf(amount.Currency)
	minor, ok := rescale(amount.Minor, int(digits), target.digits)
	if !ok || minor%target.multiple != 0 {
		return 0, &calls.Refusal{Code: CodeAmountNotSupported, Message: fmt.Sprintf(
			"Stripe can't express the amount %s %s: round it to %s", amount, amount.Currency, coarsest(amount.Currency, int(digits), target))}
	}
	return minor, nil
}

// fromStripe returns an amount of Stripe's in the smallest unit of ISO 4217.
func fromStripe(code string, minor int64) (saga.Money, error) {
	digits, ok := currency.GetDigits(code)
	if ok {
		minor, ok = rescale(minor, unitOf(code).digits, int(digits))
	}
	if !ok {
		return saga.Money{}, fmt.Errorf("an amount of Stripe's, %d %q, is no amount of that currency", minor, word(code))
	}
	return saga.Money{Currency: code, Minor: minor}, nil
}

// rescale returns a number of units of 10^-from as one of 10^-to, and false if that is not a whole number or too large.
func rescale(number int64, from, to int) (int64, bool) {
	for ; from < to; from++ {
		if number > math.MaxInt64/10 || number < math.MinInt64/10 {
			return 0, false
		}
		number *= 10
	}
	for ; from > to; from-- {
		if number%10 != 0 {
			return 0, false
		}
		number /= 10
	}
	return number, true
}

// coarsest returns the smallest amount that Stripe can express and ISO 4217 too, such as 0.010.
func coarsest(code string, digits int, target unit) string {
	for minor := int64(1); ; minor *= 10 {
		if scaled, ok := rescale(minor, digits, target.digits); ok && scaled%target.multiple == 0 {
			return "a multiple of " + saga.Money{Currency: code, Minor: minor}.String()
		}
	}
}
