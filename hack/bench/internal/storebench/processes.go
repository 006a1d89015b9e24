// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storebench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/eventcore/order-operator/eventcore/open"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
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
	writers := make([]*writer, l.count)
	for i := range writers {
		share := task{DSN: dsn, Prefix: fmt.Sprintf("%d-", i), Callers: l.callers}
		if writers[i], err = startWriter(ctx, room, share); err != nil {
			return nil, err
		}
	}
	return func(_ context.Context, length time.Duration) (total measure.Result, err error) {
		for _, w := range writers {
			err = errors.Join(err, w.orders.Encode(length))
		}
		for _, w := range writers {
			done := measure.Result{}
			err = errors.Join(err, w.reports.Decode(&done))
			total.Add(&done)
		}
		return total, err
	}, nil
}

// writer is another process of this program, which works in RunWriter.
type writer struct {
	orders  *json.Encoder
	reports *json.Decoder
}

// startWriter returns when the process is ready. It ends when its input does, at the latest when this process dies.
func startWriter(ctx context.Context, room *lab.Lab, t task) (*writer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, program, WriterArgument) //nolint:gosec // this program itself.
	command.Stderr = os.Stderr
	input, inputErr := command.StdinPipe()
	output, outputErr := command.StdoutPipe()
	if err := errors.Join(inputErr, outputErr); err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	room.Defer(func() error { return errors.Join(input.Close(), command.Wait()) })
	w := &writer{orders: json.NewEncoder(input), reports: json.NewDecoder(bufio.NewReader(output))}
	ready := false
	if err := errors.Join(w.orders.Encode(t), w.reports.Decode(&ready)); err != nil {
		return nil, fmt.Errorf("another process is not ready: %w", err)
	}
	return w, nil
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
func RunWriter(ctx context.Context, input io.Reader, output io.Writer) (err error) {
	orders, reports := json.NewDecoder(input), json.NewEncoder(output)
	t := task{}
	if err := orders.Decode(&t); err != nil {
		return err
	}
	work, stop, err := t.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := reports.Encode(true); err != nil {
		return err
	}
	for {
		length := time.Duration(0)
		if err := orders.Decode(&length); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		done, err := work(ctx, length)
		if err != nil {
			return err
		}
		// How long each command took stays here: only the rate is compared.
		if err := reports.Encode(measure.Result{Operations: done.Operations, Elapsed: done.Elapsed}); err != nil {
			return err
		}
	}
}

func (t task) start(ctx context.Context) (compare.Measure, func() error, error) {
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
