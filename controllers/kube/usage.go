// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"slices"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Usage tells which orders may still need a provider.
type Usage struct {
	// Open lists all open orders that there are when it is called: see feed.Feed.CurrentOpenOrders.
	Open func(ctx context.Context) (map[saga.OrderID]saga.OpenOrder, error)
	// Order returns an order as recorded.
	Order func(ctx context.Context, id saga.OrderID) (saga.Order, error)
}

// By returns the orders, in order, that have asked for the step and whose content names the provider: what was done for
// them may have to be undone.
func (u Usage) By(ctx context.Context, step string, names func(saga.OrderCreated) bool) ([]saga.OrderID, error) {
	open, err := u.Open(ctx)
	if err != nil {
		return nil, err
	}
	var users []saga.OrderID
	for id := range open {
		order, err := u.Order(ctx, id)
		if err != nil {
			return nil, err
		}
		if names(order.Content) && order.Step(step).Forward.Tries > 0 {
			users = append(users, id)
		}
	}
	slices.SortFunc(users, func(a, b saga.OrderID) int { return strings.Compare(a.String(), b.String()) })
	return users, nil
}
