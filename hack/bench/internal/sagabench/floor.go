// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// floor writes the facts of a saga by raw SQL, one commit for each step: what somebody would do who had nothing but a
// database. It decides nothing.
type floor struct {
	store       lab.Kind
	atOnce      int
	compensated bool
}

// eventLog is a table of events, and one of the streams that they belong to.
type eventLog interface {
	// append commits the event as the one of the given version in each stream.
	append(ctx context.Context, worker int, event *fact, streams []string, versions []int64) error
	close() error
}

func (f floor) open(ctx context.Context, room *lab.Lab) (compare.Measure, error) {
	facts, err := recordFacts(ctx, f.compensated)
	if err != nil {
		return nil, err
	}
	log, err := f.openLog(ctx, room)
	if err != nil {
		return nil, err
	}
	room.Defer(log.close)
	w := &floorWriter{facts: facts, log: log, versions: map[string]int64{}}
	return func(ctx context.Context, length time.Duration) (measure.Result, error) {
		done, err := measure.DriveCPU(ctx, f.atOnce, length, w.write)
		done.Use(shop.Commits, float64(int64(len(facts))*done.Operations))
		return done, err
	}, nil
}

func (f floor) openLog(ctx context.Context, room *lab.Lab) (eventLog, error) {
	if f.store == lab.SQLite {
		path, err := room.File("floor.db")
		if err != nil {
			return nil, err
		}
		return openSQLiteLog(path)
	}
	dsn, err := room.Database(ctx)
	if err != nil {
		return nil, err
	}
	return openPostgresLog(ctx, dsn, f.atOnce)
}

// floorWriter writes sagas.
type floorWriter struct {
	facts  []fact
	log    eventLog
	number atomic.Int64

	mu       sync.Mutex
	versions map[string]int64 // of streams that all sagas write to
}

// write writes the facts of one more saga.
func (w *floorWriter) write(ctx context.Context, worker int) error {
	order := fmt.Sprintf("order-shop/order-%09d", w.number.Add(1))
	for i := range w.facts {
		event := &w.facts[i]
		streams := append([]string{order}, event.streams...)
		if err := w.log.append(ctx, worker, event, streams, w.next(event, i)); err != nil {
			return err
		}
	}
	return nil
}

// next returns the versions of the event, the first of which is that in the order's stream.
func (w *floorWriter) next(event *fact, number int) []int64 {
	versions := append(make([]int64, 0, len(event.streams)+1), int64(number+1))
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, stream := range event.streams {
		w.versions[stream]++
		versions = append(versions, w.versions[stream])
	}
	return versions
}
