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
	"github.com/eventcore/order-operator/eventcore/postgres" //nolint:depguard // no DSN limits its connections
	"github.com/eventcore/order-operator/hack/bench/internal/bank"
	"github.com/eventcore/order-operator/hack/bench/internal/load"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// contention has all tasks deposit into one account. No success may be missing there.
func contention(ctx context.Context, b *bench) error {
	executor, err := b.executor(ctx, 1+20)
	if err != nil {
		return err
	}
	result, err := b.attempt(ctx, b.Tasks, executor, func(int) eventcore.Command {
		return bank.Deposit{Account: account(0), Amount: 1}
	})
	if err != nil {
		return err
	}
	hot, err := eventcore.View[bank.Account](ctx, executor, account(0))
	if err != nil {
		return err
	}
	wrong := expect("version of the stream", uint64(hot.Version), uint64(result.Operations)) //nolint:gosec // positive.
	b.done("contention", result, errors.Join(wrong, expect("balance", hot.State.Balance, result.Operations)))
	return nil
}

// throughput has each task deposit into its own account. EventCore's default is to try five times.
func throughput(ctx context.Context, b *bench) error {
	executor, err := b.executor(ctx, 5)
	if err != nil {
		return err
	}
	result, err := b.attempt(ctx, b.Tasks, executor, func(task int) eventcore.Command {
		return bank.Deposit{Account: account(task), Amount: 1}
	})
	if err != nil {
		return err
	}
	b.done("throughput", result, b.length(ctx, result.Operations))
	return nil
}

// transfers move money between any two of a few accounts. None may be lost or made.
func transfers(ctx context.Context, b *bench) error {
	const opening = 1_000
	executor, err := b.executor(ctx, 1+20)
	if err != nil {
		return err
	}
	for number := range b.Accounts {
		if _, err := executor.Execute(ctx, bank.Deposit{Account: account(number), Amount: opening}); err != nil {
			return err
		}
	}
	result, err := b.attempt(ctx, b.Tasks, executor, func(int) eventcore.Command {
		from, to := load.Pair(b.Accounts)
		return bank.TransferInTwo{From: account(from), To: account(to), Amount: 1}
	})
	if err != nil {
		return err
	}
	total := int64(0)
	for number := range b.Accounts {
		found, err := eventcore.View[bank.Account](ctx, executor, account(number))
		if err != nil {
			return err
		}
		total += found.State.Balance
	}
	accounts := int64(b.Accounts)
	b.done("transfers", result, errors.Join(
		expect("money", total, accounts*opening), b.length(ctx, accounts+2*result.Operations)))
	return nil
}

// projection has tasks fill the store, and then a projection catch up. EventCore's tool fills in 900 events, as its
// projections stop at 1,000.
func projection(ctx context.Context, b *bench) error {
	executor, err := b.executor(ctx, 5)
	if err != nil {
		return err
	}
	written, err := b.attempt(ctx, b.Tasks, executor, func(task int) eventcore.Command {
		return bank.Deposit{Account: account(task), Amount: 1}
	})
	if err != nil {
		return err
	}
	begin := time.Now()
	applied, err := bank.Project(ctx, b.store, "balances")
	result := measure.Result{Operations: applied, Elapsed: time.Since(begin)}
	b.done("projection", result, expect("events applied", applied, written.Operations))
	return err
}

// saturation has a hundred tasks share five connections, each command on an account that nobody has seen.
func saturation(ctx context.Context, b *bench) error {
	const tasks, connections, patience = 100, 5, 5 * time.Second
	dsn, err := b.room.Database(ctx)
	if err != nil {
		return err
	}
	store, err := postgres.Open(ctx, dsn, postgres.Options{Connections: connections})
	if err != nil {
		return err
	}
	b.room.Defer(store.Close)
	b.store = store
	executor, err := b.executor(ctx, 1+3)
	if err != nil {
		return err
	}
	number := atomic.Int64{}
	result, err := measure.Drive(ctx, tasks, b.Length, func(ctx context.Context, _ int) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		fresh := eventcore.StreamID(fmt.Sprintf("account-%d", number.Add(1)))
		b.try(ctx, executor, bank.Deposit{Account: fresh, Amount: 1})
		return nil
	})
	if err != nil {
		return err
	}
	result.Operations -= b.failed.Load()
	b.done("pool saturation", result, b.length(ctx, result.Operations))
	return nil
}
