// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/hack/bench/internal/bank"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/raw"
)

// projectionGroup compares a projection of balances with whoever only copies the same rows out of the file.
func projectionGroup(events int) compare.Group {
	const rows, feed, ours = "SQLite: the events table, raw", "SQLite: Store.Read", "SQLite: a projection of balances"
	return compare.Group{
		Name: "projection",
		Workloads: []compare.Workload{
			{Name: rows, Open: reading{events: events, read: readRows}.open},
			{Name: feed, Open: reading{events: events, read: readEvents}.open},
			{Name: ours, Open: reading{events: events, read: project}.open},
		},
		Beside: []string{feed},
		Rows:   []compare.Row{row("SQLite, projection catch-up : raw read", ours, rows, 0.5)},
	}
}

// reading reads all events of a store, again and again.
type reading struct {
	events int
	// read returns how many events it has read. The number differs from call to call.
	read func(ctx context.Context, store eventcore.Store, path string, number int) (int64, error)
}

func (l reading) open(ctx context.Context, room *lab.Lab) (compare.Measure, error) {
	path, err := room.File("events.db")
	if err != nil {
		return nil, err
	}
	store, err := open.Store(ctx, "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	room.Defer(store.Close)
	accounts := make([]eventcore.StreamID, 1_000)
	for i := range accounts {
		accounts[i] = eventcore.StreamID(fmt.Sprintf("account-%d", i))
	}
	if err := bank.Fill(ctx, store, l.events, strings.Repeat("x", noteBytes), accounts...); err != nil {
		return nil, err
	}
	number := 0
	return func(ctx context.Context, length time.Duration) (measure.Result, error) {
		result, err := measure.Drive(ctx, 1, length, func(ctx context.Context, _ int) error {
			number++
			count, err := l.read(ctx, store, path, number)
			if err == nil && count != int64(l.events) {
				err = fmt.Errorf("read %d events of %d", count, l.events)
			}
			return err
		})
		result.Operations *= int64(l.events)
		return result, err
	}, nil
}

func readRows(_ context.Context, _ eventcore.Store, path string, _ int) (int64, error) {
	return raw.ReadSQLite(path, "events", "position")
}

func readEvents(ctx context.Context, store eventcore.Store, _ string, _ int) (count int64, err error) {
	for _, err := range store.Read(ctx, eventcore.Query{}) {
		if err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}

// project fills a read model that nobody has seen.
func project(ctx context.Context, store eventcore.Store, _ string, number int) (int64, error) {
	return bank.Project(ctx, store, fmt.Sprintf("balances-%d", number))
}
