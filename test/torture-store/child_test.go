// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torturestore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// ordersVariable tells a process of this binary what to do.
const ordersVariable = "EVENTCORE_TORTURE_ORDERS"

// orders is the content of ordersVariable. Next are the numbers of the writers' next commands. The first may have
// happened already: the process before this one was killed before it could say so.
type orders struct {
	DSN         string
	Run         string
	Era         int
	FirstWriter int
	Next        []int
}

// maxFailures is how often in a row a command may fail before its process gives up.
const maxFailures = 1_000

// work appends until the standard input ends. On its standard output is a line for every command:
//
//	done WRITER SEQ POSITION  it has happened, and its event is there
//	found WRITER SEQ          it had happened before, though nobody was told
//	failed ERROR              it has not happened, or nobody knows; it is executed again
func work(ctx context.Context, encoded string) error {
	var o orders
	if err := json.Unmarshal([]byte(encoded), &o); err != nil {
		return err
	}
	store, err := open.Store(ctx, o.DSN)
	if err != nil {
		return err
	}
	executor, err := eventcore.NewExecutor(ctx, store, registry, eventcore.ExecutorOptions{})
	if err != nil {
		return err
	}
	stopping := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(stopping)
	}()
	failures := make([]error, len(o.Next))
	var group sync.WaitGroup
	for i, next := range o.Next {
		group.Go(func() {
			w := writer{executor: executor, run: o.Run, era: o.Era, number: o.FirstWriter + i}
			failures[i] = w.work(ctx, next, stopping)
		})
	}
	group.Wait()
	executor.Close()
	return errors.Join(errors.Join(failures...), store.Close())
}

type writer struct {
	executor *eventcore.Executor
	run      string
	era      int
	number   int
}

// work executes the first command in any case: it may be one that has happened, and somebody has to say so.
func (w *writer) work(ctx context.Context, next int, stopping <-chan struct{}) error {
	for seq, fresh := next, false; ; seq, fresh = seq+1, true {
		if err := w.execute(ctx, Increment{Run: w.run, Era: w.era, Writer: w.number, Seq: seq}, fresh); err != nil {
			return fmt.Errorf("writer %d, command %d: %w", w.number, seq, err)
		}
		select {
		case <-stopping:
			return nil
		default:
		}
	}
}

// execute executes the command until it has happened, and says so. A fresh one has never been executed before.
func (w *writer) execute(ctx context.Context, command Increment, fresh bool) error {
	for failures := 0; ; failures++ {
		receipt, err := w.executor.Execute(ctx, command)
		switch {
		case err == nil && len(receipt.Events) == 1:
			return say("done %d %d %d\n", w.number, command.Seq, receipt.Events[0].Position)
		case err == nil && !fresh:
			return say("found %d %d\n", w.number, command.Seq)
		case err == nil:
			return fmt.Errorf("a receipt of %d events for a command that nobody has executed before", len(receipt.Events))
		case failures == maxFailures:
			return err
		case errors.Is(err, eventcore.ErrOutcomeUnknown):
			fresh = false
		}
		if err := say("failed %q\n", err.Error()); err != nil {
			return err
		}
	}
}

// say writes a line at once: nothing that was said may be lost with the process.
func say(format string, arguments ...any) error {
	_, err := fmt.Fprintf(os.Stdout, format, arguments...)
	return err
}
