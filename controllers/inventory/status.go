// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/inventory/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Project returns the status of the product. It depends on nothing but the arguments. behind is set when the spec's totals are below the
// recorded ones.
func Project(product *commercev1.Product, stock saga.Stock, identity eventcore.Identity, behind *engine.BehindHistoryError) commercev1.ProductStatus {
	ready := metav1.Condition{
		Type: commercev1.ConditionReady, Status: metav1.ConditionTrue, Reason: commercev1.ReasonProjected,
		Message:            "Orders can reserve what is available",
		ObservedGeneration: product.Generation,
		LastTransitionTime: metav1.NewTime(stock.SuppliedAt.UTC().Truncate(time.Second)),
	}
	if behind != nil {
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, commercev1.ReasonSupplyBehindHistory, behind.Error()
		ready.LastTransitionTime = product.CreationTimestamp
	}
	conditions := []metav1.Condition{ready}
	if missing := stock.Oversubscribed(); missing > 0 {
		conditions = append(conditions, metav1.Condition{
			Type: commercev1.ConditionOversubscribed, Status: metav1.ConditionTrue, Reason: commercev1.ReasonSupplyRemoved,
			Message:            fmt.Sprintf("More is reserved or shipped than there is, by %d: raise received, or cancel orders", missing),
			ObservedGeneration: product.Generation,
			LastTransitionTime: metav1.NewTime(stock.SuppliedAt.UTC().Truncate(time.Second)),
		})
	}
	return commercev1.ProductStatus{
		Conditions:         conditions,
		ObservedGeneration: product.Generation,
		History: commercev1.History{
			StoreID: identity.StoreID.String(), Epoch: identity.Epoch, Position: int64(stock.Position), //nolint:gosec // it counts up from 1
		},
		Available: new(stock.Available()),
		Reserved:  new(stock.Reserved),
		Shipped:   new(stock.Shipped),
	}
}

// totals returns the running totals of the product's sources.
func totals(product *commercev1.Product) []saga.SupplyTotal {
	supply := make([]saga.SupplyTotal, 0, len(product.Spec.Supply))
	for _, source := range product.Spec.Supply {
		supply = append(supply, saga.SupplyTotal{
			Source: source.Source, Received: valueOf(source.Received), Removed: valueOf(source.Removed),
		})
	}
	return supply
}

func valueOf(number *int64) int64 {
	if number == nil {
		return 0
	}
	return *number
}
