// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package corebench

import (
	"context"
	"errors"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/hack/bench/internal/bank"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// fresh executes one command after the other, each on an account without a history.
func fresh(ctx context.Context, b *bench) error {
	executor, err := b.executor(ctx, 0)
	if err != nil {
		return err
	}
	number := 0
	result, err := b.attempt(ctx, 1, executor, func(int) eventcore.Command {
		number++
		return bank.Deposit{Account: account(number), Amount: 1}
	})
	if err != nil {
		return err
	}
	b.done("execute, empty stream", result, b.length(ctx, result.Operations))
	return nil
}

// transfer executes one transfer after the other, each between two accounts without a history.
func transfer(ctx context.Context, b *bench) error {
	executor, err := b.executor(ctx, 0)
	if err != nil {
		return err
	}
	number := 0
	result, err := b.attempt(ctx, 1, executor, func(int) eventcore.Command {
		number += 2
		return bank.TransferInTwo{From: account(number), To: account(number + 1), Amount: 1}
	})
	if err != nil {
		return err
	}
	b.done("execute, two empty streams", result, b.length(ctx, 2*result.Operations))
	return nil
}

// historyOf executes one command after the other on an account with so many events: first with executors that have to
// read all of them, as EventCore does each time, and then with one that has the state in memory.
func historyOf(events int) func(ctx context.Context, b *bench) error {
	return func(ctx context.Context, b *bench) error {
		if err := bank.Fill(ctx, b.store, events, "", account(0)); err != nil {
			return err
		}
		commands := int64(0)
		if events > 0 {
			cold, err := b.cold(ctx)
			if err != nil {
				return err
			}
			commands += cold.Operations
			b.done("execute, "+compare.Count(events)+" events read", cold, b.length(ctx, int64(events)+commands))
		}
		warm, balance, err := b.warm(ctx)
		if err != nil {
			return err
		}
		commands += warm.Operations
		b.done("execute, "+compare.Count(events)+" events of history", warm, errors.Join(
			b.length(ctx, int64(events)+commands), expect("balance", balance, int64(events)+commands)))
		return nil
	}
}

// cold executes each command by an executor of its own.
func (b *bench) cold(ctx context.Context) (measure.Result, error) {
	return measure.Drive(ctx, 1, b.Length, func(ctx context.Context, _ int) error {
		executor, err := eventcore.NewExecutor(ctx, b.store, bank.Registry(), eventcore.ExecutorOptions{})
		if err != nil {
			return err
		}
		defer executor.Close()
		_, err = executor.Execute(ctx, bank.Deposit{Account: account(0), Amount: 1})
		return err
	})
}

// warm executes commands once the state is in memory, and returns what they add up to.
func (b *bench) warm(ctx context.Context) (result measure.Result, balance int64, err error) {
	executor, err := b.executor(ctx, 0)
	if err != nil {
		return result, 0, err
	}
	if _, err := eventcore.View[bank.Account](ctx, executor, account(0)); err != nil {
		return result, 0, err
	}
	if result, err = b.attempt(ctx, 1, executor, func(int) eventcore.Command {
		return bank.Deposit{Account: account(0), Amount: 1}
	}); err != nil {
		return result, 0, err
	}
	found, err := eventcore.View[bank.Account](ctx, executor, account(0))
	return result, found.State.Balance, err
}
