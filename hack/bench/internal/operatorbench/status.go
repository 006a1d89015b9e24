// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operatorbench

import (
	"context"
	"errors"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/hack/bench/internal/sagabench"
)

// finalStatus returns the status that ours writes when an order of the shop has completed.
func finalStatus(ctx context.Context) (_ *commercev1.OrderStatus, err error) {
	store, err := open.Store(ctx, "memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine, err := sagabench.StartEngine(ctx, store, 0)
	if err != nil {
		return nil, err
	}
	if err := engine.CarryOut(ctx, false); err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	folded, err := engine.Last(ctx)
	if err := errors.Join(err, engine.Close()); err != nil {
		return nil, err
	}
	status := order.Project(newOrder(0), folded, store.Identity(), nil)
	return &status, nil
}
