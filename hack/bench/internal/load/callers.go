// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/hack/bench/internal/bank"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Callers execute commands.
type Callers struct {
	commands Commands
	executor *eventcore.Executor
	accounts []eventcore.StreamID
	note     string
	done     []counter
}

// counter is how many commands a caller has made, in a cache line of its own.
type counter struct {
	count int
	_     [56]byte
}

// Work has the callers execute commands until the time is over.
func (c *Callers) Work(ctx context.Context, length time.Duration) (measure.Result, error) {
	return measure.Drive(ctx, c.commands.Callers, length, func(ctx context.Context, caller int) error {
		_, err := c.executor.Execute(ctx, c.next(caller))
		return err
	})
}

// Close sends the callers away. The store stays open.
func (c *Callers) Close() error {
	c.executor.Close()
	return nil
}

func (c *Callers) next(caller int) eventcore.Command {
	number := c.done[caller].count
	c.done[caller].count++
	switch {
	case c.commands.Transfers:
		from, to := Pair(len(c.accounts))
		return bank.Transfer{From: c.accounts[from], To: c.accounts[to], Amount: 1, Note: c.note}
	case len(c.accounts) == 0:
		return bank.Deposit{Account: fresh(c.commands.Prefix, caller, number), Amount: 1, Note: c.note}
	}
	account := c.accounts[(caller+number*c.commands.Callers)%len(c.accounts)]
	return bank.Deposit{Account: account, Amount: 1, Note: c.note}
}

// Pair returns two different numbers from 0 to count-1.
func Pair(count int) (from, to int) {
	from, to = rand.IntN(count), rand.IntN(count-1) //nolint:gosec // nothing depends on chance being fair.
	if to >= from {
		to++
	}
	return from, to
}

func fresh(prefix string, caller, number int) eventcore.StreamID {
	return eventcore.StreamID(prefix + "fresh-" + strconv.Itoa(caller) + "-" + strconv.Itoa(number))
}

func names(prefix string, count int) []eventcore.StreamID {
	accounts := make([]eventcore.StreamID, count)
	for i := range accounts {
		accounts[i] = eventcore.StreamID(fmt.Sprintf("%saccount-%d", prefix, i))
	}
	return accounts
}
