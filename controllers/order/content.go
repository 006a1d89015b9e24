// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"fmt"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// content returns what the order's saga starts from. The API server has validated the spec: an error means that its rules and
// these disagree.
func content(object *commercev1.Order) (saga.OrderCreated, error) {
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
