// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"context"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/raw"
)

// disk is the name of the limit below all others, in whatever group it stands beside.
const disk = "disk: fdatasync of 4 KiB more"

// openDisk prepares the limit below all others: one block more on the disk at a time.
func openDisk(_ context.Context, room *lab.Lab) (compare.Measure, error) {
	path, err := room.File("blocks")
	if err != nil {
		return nil, err
	}
	disk, err := raw.OpenDisk(path)
	if err != nil {
		return nil, err
	}
	room.Defer(disk.Close)
	return func(ctx context.Context, length time.Duration) (measure.Result, error) {
		return measure.Drive(ctx, 1, length, func(context.Context, int) error { return disk.Extend() })
	}, nil
}

// rawSQLite inserts so many rows in a commit.
type rawSQLite struct {
	rows    int
	indexed bool
}

func (l rawSQLite) open(_ context.Context, room *lab.Lab) (compare.Measure, error) {
	path, err := room.File("raw.db")
	if err != nil {
		return nil, err
	}
	table, err := raw.OpenSQLite(path, l.indexed)
	if err != nil {
		return nil, err
	}
	room.Defer(table.Close)
	return func(ctx context.Context, length time.Duration) (measure.Result, error) {
		result, err := measure.Drive(ctx, 1, length, func(context.Context, int) error { return table.Insert(l.rows) })
		result.Operations *= int64(l.rows)
		return result, err
	}, nil
}

// rawPostgres inserts so many rows in a statement, on each of the connections.
type rawPostgres struct {
	connections int
	rows        int
	indexed     bool
}

func (l rawPostgres) open(ctx context.Context, room *lab.Lab) (compare.Measure, error) {
	dsn, err := room.Database(ctx)
	if err != nil {
		return nil, err
	}
	table, err := raw.OpenPostgres(ctx, dsn, l.connections, l.indexed)
	if err != nil {
		return nil, err
	}
	room.Defer(table.Close)
	return func(ctx context.Context, length time.Duration) (measure.Result, error) {
		result, err := measure.Drive(ctx, l.connections, length, func(ctx context.Context, connection int) error {
			return table.Insert(ctx, connection, l.rows)
		})
		result.Operations *= int64(l.rows)
		return result, err
	}, nil
}
