// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// Money is an amount in the smallest unit of its currency: 1,500.00 USD is {USD 150000}. There are no fractions of it,
// and no floats.
type Money struct {
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

// decimal is the form of a price in an Order: at most nine digits before and three after the point.
var decimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?$`)

// ParseMoney reads a decimal such as 1200.00 in the currency, an ISO 4217 code. It refuses more digits after the point
// than the currency has.
func ParseMoney(code, amount string) (Money, error) {
	digits, ok := currency.GetDigits(code)
	if !ok {
		return Money{}, fmt.Errorf("currency %q is not an ISO 4217 code", code)
	}
	if !decimal.MatchString(amount) {
		return Money{}, fmt.Errorf("amount %q is not a decimal like 12.50", amount)
	}
	whole, fraction, _ := strings.Cut(amount, ".")
	if len(fraction) > int(digits) {
		return Money{}, fmt.Errorf("amount %q has more than the %d digits after the point that %s has", amount, digits, code)
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", int(digits)-len(fraction)), 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("amount %q: %w", amount, err)
	}
	return Money{Currency: code, Minor: minor}, nil
}

// String returns the amount as a decimal without the currency, like 1500.00. Money of no currency is "0".
func (m Money) String() string {
	digits, ok := currency.GetDigits(m.Currency)
	if !ok {
		return strconv.FormatInt(m.Minor, 10)
	}
	text, negative := strings.CutPrefix(strconv.FormatInt(m.Minor, 10), "-")
	sign := ""
	if negative {
		sign = "-"
	}
	if digits == 0 {
		return sign + text
	}
	text = strings.Repeat("0", max(0, int(digits)+1-len(text))) + text
	point := len(text) - int(digits)
	return sign + text[:point] + "." + text[point:]
}

// Total adds up the lines, which must have one currency. It returns an error on overflow, which the bounds of
// an Order's prices, quantities and items leave no room for.
func Total(lines []Line) (Money, error) {
	var total Money
	for _, line := range lines {
		price := line.UnitPrice
		if total.Currency == "" {
			total.Currency = price.Currency
		}
		if price.Currency != total.Currency {
			return Money{}, fmt.Errorf("item %s is priced in %s, others in %s", line.Product, price.Currency, total.Currency)
		}
		if price.Minor < 0 || line.Quantity < 0 {
			return Money{}, fmt.Errorf("item %s has a negative price or quantity", line.Product)
		}
		if line.Quantity > 0 && price.Minor > (math.MaxInt64-total.Minor)/line.Quantity {
			return Money{}, fmt.Errorf("item %s: the total exceeds what can be counted", line.Product)
		}
		total.Minor += price.Minor * line.Quantity
	}
	return total, nil
}
