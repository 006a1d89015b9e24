// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"
	"fmt"
	"os"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/remote"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// dbos is DBOS Go in a process of its own: see the module hack/bench/dbos.
type dbos struct {
	program string
	store   lab.Kind
	task    shop.Task
}

func (d dbos) open(ctx context.Context, room *lab.Lab) (compare.Measure, error) {
	if _, err := os.Stat(d.program); err != nil {
		return nil, fmt.Errorf("the program that runs DBOS is missing (make bench-saga builds it, -dbos names another): %w", err)
	}
	task := d.task
	var err error
	if task.DSN, err = room.DSN(ctx, d.store); err != nil {
		return nil, err
	}
	process, err := remote.Start(ctx, task, d.program)
	if err != nil {
		return nil, err
	}
	room.Defer(process.Close)
	return process.Work, nil
}
