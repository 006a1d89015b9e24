// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package corebench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/hack/bench/internal/bank"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Settings are those of the stress tool.
type Settings struct {
	// Tasks execute commands at the same time, for Length.
	Tasks  int
	Length time.Duration
	// Accounts are those that transfers go between.
	Accounts int
	// Histories are how many events a stream has before commands are executed on it.
	Histories []int
}

// Check says what cannot be measured.
func (s Settings) Check() error {
	switch {
	case s.Tasks < 1:
		return fmt.Errorf("-concurrency %d: at least one task is needed", s.Tasks)
	case s.Accounts < 2:
		return fmt.Errorf("-accounts %d: a transfer needs two", s.Accounts)
	case s.Length <= 0:
		return fmt.Errorf("-duration %v: it must be positive", s.Length)
	}
	return nil
}

// bench is a scenario under way on one store.
type bench struct {
	Settings
	room    *lab.Lab
	kind    lab.Kind
	store   eventcore.Store // nil if the scenario needs none
	retried atomic.Int64
	failed  atomic.Int64
	failure atomic.Pointer[error] // one of those that failed
	rows    []row
}

// row is what a scenario has found.
type row struct {
	name            string
	kind            lab.Kind
	result          measure.Result
	retried, failed int64
	failure         error
	// wrong says what the check has found; nil if all is correct.
	wrong error
}

// done reports what was measured, and whether it is correct.
func (b *bench) done(name string, result measure.Result, wrong error) {
	r := row{
		name: name, kind: b.kind, result: result, wrong: wrong,
		retried: b.retried.Swap(0), failed: b.failed.Swap(0),
	}
	if failure := b.failure.Swap(nil); failure != nil {
		r.failure = *failure
	}
	b.rows = append(b.rows, r)
}

// executor starts one that decides a command at most so often; 0 is its own default.
func (b *bench) executor(ctx context.Context, attempts int) (*eventcore.Executor, error) {
	return b.room.Executor(ctx, b.store, bank.Registry(), eventcore.ExecutorOptions{MaxAttempts: attempts})
}

// try executes the command. A failure is counted, and ends nothing.
func (b *bench) try(ctx context.Context, executor *eventcore.Executor, command eventcore.Command) {
	receipt, err := executor.Execute(ctx, command)
	if err != nil {
		b.failed.Add(1)
		b.failure.Store(&err)
		return
	}
	if receipt.Attempts > 1 {
		b.retried.Add(int64(receipt.Attempts) - 1)
	}
}

// attempt has tasks try commands, and counts as operations those that succeed.
func (b *bench) attempt(
	ctx context.Context, tasks int, executor *eventcore.Executor, next func(task int) eventcore.Command,
) (measure.Result, error) {
	result, err := measure.Drive(ctx, tasks, b.Length, func(ctx context.Context, task int) error {
		b.try(ctx, executor, next(task))
		return nil
	})
	result.Operations -= b.failed.Load()
	return result, err
}

// expect says what is wrong if the numbers differ.
func expect[N int64 | uint64](what string, got, want N) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s: %d, not %d", what, got, want)
}

// length says what is wrong unless the store has so many events.
func (b *bench) length(ctx context.Context, want int64) error {
	head, err := b.store.Head(ctx)
	return errors.Join(err, expect("events in the store", int64(head), want)) //nolint:gosec // positions count up from 1.
}

func account(number int) eventcore.StreamID {
	return eventcore.StreamID(fmt.Sprintf("account-%d", number))
}
