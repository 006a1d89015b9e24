// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
)

// ErrInvalidContent says that an order can't be carried out as it is. The API server refuses such Orders before.
var ErrInvalidContent = errors.New("the order is invalid")

// validate checks what the saga rests on: each product once, in whole units, and a total that is the sum.
func validate(content saga.OrderCreated) error {
	if content.UID == "" || len(content.Lines) == 0 {
		return fmt.Errorf("%w: it has no UID or no items", ErrInvalidContent)
	}
	if mode := content.CaptureMode; mode != saga.CaptureImmediate && mode != saga.CaptureOnShipment {
		return fmt.Errorf("%w: its capture mode %q is neither %s nor %s",
			ErrInvalidContent, mode, saga.CaptureImmediate, saga.CaptureOnShipment)
	}
	products := map[string]bool{}
	for _, line := range content.Lines {
		if line.Product == "" || line.Quantity < 1 || products[line.Product] {
			return fmt.Errorf("%w: item %q is there twice, or has no name or no quantity", ErrInvalidContent, line.Product)
		}
		products[line.Product] = true
	}
	total, err := saga.Total(content.Lines)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidContent, err)
	}
	if total != content.Total {
		return fmt.Errorf("%w: its total is %s %s, its items add up to %s %s",
			ErrInvalidContent, content.Total, content.Total.Currency, total, total.Currency)
	}
	return nil
}

// Differences names the fields of an Order's spec in which two orders differ. Tokens and personal data don't count:
// they may change, or be erased.
func Differences(a, b saga.OrderCreated) []string {
	var different []string
	compare := func(field string, equal bool) {
		if !equal {
			different = append(different, field)
		}
	}
	compare("spec.customer.id", a.Customer.ID == b.Customer.ID)
	compare("spec.currency", a.Total.Currency == b.Total.Currency)
	compare("spec.items", slices.Equal(byProduct(a.Lines), byProduct(b.Lines)))
	compare("spec.payment.gatewayName", a.Gateway == b.Gateway)
	compare("spec.payment.captureMode", a.CaptureMode == b.CaptureMode)
	compare("spec.shipping.carrierName", a.Carrier == b.Carrier)
	return different
}

func byProduct(lines []saga.Line) []saga.Line {
	return slices.SortedFunc(slices.Values(lines), func(a, b saga.Line) int { return strings.Compare(a.Product, b.Product) })
}
