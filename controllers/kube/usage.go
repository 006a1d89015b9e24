// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Usage tells which orders may still need a provider.
type Usage struct {
	// Open lists the open orders, and CaughtUp tells whether it knows them all: see feed.Feed.
	Open     func() (map[saga.OrderID]saga.OpenOrder, error)
	CaughtUp func() bool
	// Order returns an order as recorded.
	Order func(ctx context.Context, id saga.OrderID) (saga.Order, error)
}

// errCatchingUp leaves open who needs a provider.
var errCatchingUp = errors.New("the open orders are still being read")

// By returns the orders, in order, that have asked for the step and whose content names the provider: what was done for
// them may have to be undone.
func (u Usage) By(ctx context.Context, step string, names func(saga.OrderCreated) bool) ([]saga.OrderID, error) {
	if !u.CaughtUp() {
		return nil, errCatchingUp
	}
	open, err := u.Open()
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
