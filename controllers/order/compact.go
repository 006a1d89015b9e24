// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"slices"
	"unique"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// Compact is a transform for a cache of Orders: it drops their managed fields, and makes them small otherwise without
// changing them. What most Orders say alike, such as names of steps and reasons, is held once, and lists take no more
// room than they need.
func Compact(object any) (any, error) {
	order, ok := object.(*commercev1.Order)
	if !ok {
		return object, nil // what a watch tells of a deletion that it has missed
	}
	order.ManagedFields = nil
	spec, status := &order.Spec, &order.Status
	share(
		&order.Namespace, &order.Kind, &order.APIVersion, &spec.Currency, &spec.Payment.GatewayName, &spec.Shipping.CarrierName,
		&spec.Shipping.Address.Country, &spec.Shipping.Address.City, &status.History.StoreID, &status.Refunded,
	)
	spec.Items = slices.Clip(slices.Clone(spec.Items))
	for i := range spec.Items {
		share(&spec.Items[i].ProductName, &spec.Items[i].UnitPrice)
	}
	status.Steps = slices.Clip(slices.Clone(status.Steps))
	for i := range status.Steps {
		share(&status.Steps[i].Name, &status.Steps[i].Message)
		status.Steps[i].State = unique.Make(status.Steps[i].State).Value()
	}
	status.Conditions = slices.Clip(slices.Clone(status.Conditions))
	for i := range status.Conditions {
		condition := &status.Conditions[i]
		share(&condition.Type, &condition.Reason, &condition.Message)
		condition.Status = unique.Make(condition.Status).Value()
	}
	status.Outcome = unique.Make(status.Outcome).Value()
	return order, nil
}

// share has equal texts take the memory of one, for as long as anybody has it.
func share(texts ...*string) {
	for _, text := range texts {
		*text = unique.Make(*text).Value()
	}
}
