// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"fmt"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// content returns what the order's saga starts from. The API server has validated the spec: an error means that its rules and
// these disagree. The deadline counts from now.
func content(object *commercev1.Order, now time.Time) (saga.OrderCreated, error) {
	spec := &object.Spec
	lines := make([]saga.Line, 0, len(spec.Items))
	for i, item := range spec.Items {
		price, err := saga.ParseMoney(spec.Currency, item.UnitPrice)
		if err != nil {
			return saga.OrderCreated{}, fmt.Errorf("spec.items[%d].unitPrice: %w", i, err)
		}
		lines = append(lines, saga.Line{Product: item.ProductName, Quantity: int64(item.Quantity), UnitPrice: price})
	}
	total, err := saga.Total(lines)
	if err != nil {
		return saga.OrderCreated{}, fmt.Errorf("spec.items: %w", err)
	}
	address := spec.Shipping.Address
	return saga.OrderCreated{
		UID:         string(object.UID),
		Attempt:     int(spec.Attempt),
		Deadline:    deadline(spec, now),
		Customer:    saga.Customer{ID: spec.Customer.ID, Email: spec.Customer.Email},
		Lines:       lines,
		Total:       total,
		Gateway:     spec.Payment.GatewayName,
		CaptureMode: string(spec.Payment.CaptureMode),
		Carrier:     spec.Shipping.CarrierName,
		Address: saga.Address{
			Name: address.Name, Lines: address.Lines, City: address.City,
			PostalCode: address.PostalCode, Country: address.Country,
		},
	}, nil
}

// deadline returns when the order is cancelled unless it is completed, the zero time for the flow's default.
func deadline(spec *commercev1.OrderSpec, now time.Time) time.Time {
	if spec.ActiveDeadlineSeconds == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(spec.ActiveDeadlineSeconds) * time.Second)
}
