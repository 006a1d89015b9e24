// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package load puts callers to work, who execute commands on a store.
package load

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/hack/bench/internal/bank"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Commands are what a number of callers execute, each one command after the other.
type Commands struct {
	Store   lab.Kind
	Callers int
	// Accounts are those that the callers go round: as many as callers are one for each. With none, every command goes
	// to an account that has not been seen.
	Accounts int
	// Prefix begins the names of the accounts.
	Prefix string
	// Transfers go from an account to another, both at random; other commands are deposits.
	Transfers bool
	// History is how many events the first account has beforehand.
	History int
	// NoteBytes is how much text each event carries.
	NoteBytes int
}

// Open prepares the callers on an empty store in the lab. One in memory is a new one in each round, as what it has
// stored would make the garbage collector slower from round to round.
func (c Commands) Open(ctx context.Context, room *lab.Lab) (compare.Measure, error) {
	if c.Store == lab.Memory {
		return c.inMemory, nil
	}
	store, err := room.Store(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	callers, err := c.Start(ctx, store)
	if err != nil {
		return nil, err
	}
	room.Defer(callers.Close)
	return callers.Work, nil
}

func (c Commands) inMemory(ctx context.Context, length time.Duration) (_ measure.Result, err error) {
	store, err := open.Store(ctx, "memory:")
	if err != nil {
		return measure.Result{}, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	callers, err := c.Start(ctx, store)
	if err != nil {
		return measure.Result{}, err
	}
	defer func() { err = errors.Join(err, callers.Close()) }()
	runtime.GC()
	return callers.Work(ctx, length)
}

// Start prepares the callers on a store that has none of the accounts yet. Whatever the accounts' states are is in
// memory then.
func (c Commands) Start(ctx context.Context, store eventcore.Store) (*Callers, error) {
	accounts := names(c.Prefix, c.Accounts)
	note := strings.Repeat("x", c.NoteBytes)
	if c.History > 0 {
		if err := bank.Fill(ctx, store, c.History, note, accounts[0]); err != nil {
			return nil, err
		}
	}
	executor, err := eventcore.NewExecutor(ctx, store, bank.Registry(), eventcore.ExecutorOptions{})
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		if _, err := executor.Execute(ctx, bank.Deposit{Account: account, Amount: 1, Note: note}); err != nil {
			executor.Close()
			return nil, err
		}
	}
	return &Callers{commands: c, executor: executor, accounts: accounts, note: note, done: make([]counter, c.Callers)}, nil
}
