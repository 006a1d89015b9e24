// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
	"github.com/eventcore/order-operator/hack/bench/internal/remote"
)

// processesGroup compares one process with two that share the same number of callers, and the store.
func processesGroup(callers int) compare.Group {
	alone := fmt.Sprintf("PostgreSQL: 1 process of %d", callers)
	together := fmt.Sprintf("PostgreSQL: 2 processes of %d", callers/2)
	return compare.Group{
		Name: fmt.Sprintf("PostgreSQL, 2 processes, %d writers", callers),
		Workloads: []compare.Workload{
			{Name: alone, Open: processes{count: 1, callers: callers}.open},
			{Name: together, Open: processes{count: 2, callers: callers / 2}.open},
		},
		Rows: []compare.Row{
			row(fmt.Sprintf("PostgreSQL, 2 processes of %d writers : 1 of %d", callers/2, callers), together, alone, 0.8),
		},
	}
}

// processes are several that write to one store, each with so many callers.
type processes struct {
	count   int
	callers int
}

func (l processes) open(ctx context.Context, room *lab.Lab) (compare.Measure, error) {
	dsn, err := room.Database(ctx)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	writers := make([]*remote.Process, l.count)
	for i := range writers {
		share := task{DSN: dsn, Prefix: fmt.Sprintf("%d-", i), Callers: l.callers}
		if writers[i], err = remote.Start(ctx, share, program, WriterArgument); err != nil {
			return nil, err
		}
		room.Defer(writers[i].Close)
	}
	return func(ctx context.Context, length time.Duration) (total measure.Result, err error) {
		done, errs := make([]measure.Result, l.count), make([]error, l.count)
		var group sync.WaitGroup
		for i, writer := range writers {
			group.Go(func() { done[i], errs[i] = writer.Work(ctx, length) })
		}
		group.Wait()
		for i := range done {
			total.Add(&done[i])
		}
		return total, errors.Join(errs...)
	}, nil
}

// WriterArgument is the one argument of a process that is to call RunWriter.
const WriterArgument = "writer"

// task is what a writer is to do.
type task struct {
	DSN     string
	Prefix  string
	Callers int
}

// RunWriter executes commands for as long as each order says, until there are no more orders.
func RunWriter(ctx context.Context, input io.Reader, output io.Writer) error {
	return remote.Serve(ctx, input, output, start)
}

// start returns how to work, and how to end.
func start(ctx context.Context, t task) (remote.Work, func() error, error) {
	store, err := open.Store(ctx, t.DSN)
	if err != nil {
		return nil, nil, err
	}
	commands := commands(lab.Postgres, t.Callers)
	commands.Prefix = t.Prefix
	callers, err := commands.Start(ctx, store)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return callers.Work, func() error { return errors.Join(callers.Close(), store.Close()) }, nil
}
