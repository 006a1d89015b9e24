// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// ours are our services on a store of their own.
type ours struct {
	store       lab.Kind
	atOnce      int
	compensated bool
}

func (o ours) open(ctx context.Context, room *lab.Lab) (compare.Measure, error) {
	store, err := room.Store(ctx, o.store)
	if err != nil {
		return nil, err
	}
	engine, err := StartEngine(ctx, store, 0)
	if err != nil {
		return nil, err
	}
	room.Defer(engine.Close)
	return func(ctx context.Context, length time.Duration) (measure.Result, error) {
		before := engine.Commits()
		done, err := measure.DriveCPU(ctx, o.atOnce, length, func(ctx context.Context, _ int) error {
			return engine.CarryOut(ctx, o.compensated)
		})
		done.Use(shop.Commits, float64(engine.Commits()-before))
		return done, err
	}, nil
}
