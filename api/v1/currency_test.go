// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bojanz/currency"
)

// maxDigits is the greatest number of decimals that a unitPrice can have, and the reason why no total overflows.
const maxDigits = 3

// TestCurrencyMarkers holds the lists of currencies in the markers against the table that the operator calculates
// with. When it fails after an upgrade of that table, copy the wanted list from the message into the marker and run
// "make manifests".
func TestCurrencyMarkers(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("order_types.go")
	if err != nil {
		t.Fatal(err)
	}

	tests := []struct {
		name   string
		marker *regexp.Regexp // its first group is the list
		want   []string
	}{
		{
			name:   "every active currency whose prices fit is accepted",
			marker: regexp.MustCompile(`rule="self in \[(.*?)\]"`),
			want:   codesWith(t, func(digits uint8) bool { return digits <= maxDigits }),
		},
		{
			name:   "a currency without a minor unit has no decimals",
			marker: regexp.MustCompile(`rule="self\.currency in \[(.*?)\] \?`),
			want:   codesWith(t, func(digits uint8) bool { return digits == 0 }),
		},
		{
			name:   "a currency with thousandths may have three decimals",
			marker: regexp.MustCompile(`\(self\.currency in \[(.*?)\] \|\|`),
			want:   codesWith(t, func(digits uint8) bool { return digits == maxDigits }),
		},
		{
			name:   "every other currency has two decimals",
			marker: regexp.MustCompile(`\.matches\('\[\.\]\[0-9\]\{(.*?)\}\$'\)`),
			want:   []string{"3"}, // that is: more than two are refused
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			match := test.marker.FindSubmatch(source)
			if match == nil {
				t.Fatalf("order_types.go has no marker like %s", test.marker)
			}
			got := strings.Split(strings.ReplaceAll(string(match[1]), "'", ""), ", ")
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v\nwant '%s'", got, strings.Join(test.want, "', '"))
			}
		})
	}
}

// TestNoCurrencyHasOneDecimal keeps the rule on prices complete: it knows none, two and three decimals.
func TestNoCurrencyHasOneDecimal(t *testing.T) {
	t.Parallel()
	if codes := codesWith(t, func(digits uint8) bool { return digits == 1 }); len(codes) > 0 {
		t.Errorf("%v have one decimal: the rule on unitPrice would accept two", codes)
	}
}

func codesWith(t *testing.T, wanted func(digits uint8) bool) []string {
	t.Helper()
	var codes []string
	for _, code := range currency.GetCurrencyCodes() {
		digits, ok := currency.GetDigits(code)
		if !ok {
			t.Fatalf("%s has no digits", code)
		}
		if wanted(digits) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}
