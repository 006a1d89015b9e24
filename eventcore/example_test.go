// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// The events: facts, in the past tense.
type (
	Deposited struct {
		Amount int64 `json:"amount"`
	}
	Withdrawn struct {
		Amount int64 `json:"amount"`
	}
	Transferred struct {
		From   eventcore.StreamID `json:"from"`
		To     eventcore.StreamID `json:"to"`
		Amount int64              `json:"amount"`
	}
)

// Their names are what the store keeps: Go types may be renamed, names may not.
var bank = eventcore.NewRegistry(
	eventcore.Type[Deposited]("Deposited", 1),
	eventcore.Type[Withdrawn]("Withdrawn", 1),
	eventcore.Type[Transferred]("Transferred", 1),
)

// Account is what the events of one account's stream add up to.
type Account struct{ Balance int64 }

func (a Account) Apply(stream eventcore.StreamID, event *eventcore.Event) Account {
	switch e := event.Payload.(type) {
	case Deposited:
		a.Balance += e.Amount
	case Withdrawn:
		a.Balance -= e.Amount
	case Transferred:
		if stream == e.From {
			a.Balance -= e.Amount
		} else {
			a.Balance += e.Amount
		}
	}
	return a
}

// The commands: what is asked for, and what decides it.
type (
	Deposit struct {
		Account eventcore.StreamID
		Amount  int64
	}
	Withdraw struct {
		Account eventcore.StreamID
		Amount  int64
	}
	Transfer struct {
		Amount   int64
		From, To eventcore.StreamID
	}
)

var errInsufficientFunds = errors.New("insufficient funds")

func (c Deposit) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Account} }

func (c Deposit) Handle(b *eventcore.Boundary) error {
	eventcore.Load[Account](b, c.Account)
	return b.Append(Deposited{Amount: c.Amount}, c.Account)
}

func (c Withdraw) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Account} }

func (c Withdraw) Handle(b *eventcore.Boundary) error {
	if eventcore.Load[Account](b, c.Account).Balance < c.Amount {
		return errInsufficientFunds
	}
	return b.Append(Withdrawn{Amount: c.Amount}, c.Account)
}

func (c Transfer) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.From, c.To} }

func (c Transfer) Handle(b *eventcore.Boundary) error {
	if eventcore.Load[Account](b, c.From).Balance < c.Amount {
		return errInsufficientFunds
	}
	eventcore.Load[Account](b, c.To) // joins the boundary: the event belongs to both streams
	return b.Append(Transferred{From: c.From, To: c.To, Amount: c.Amount}, c.From, c.To)
}

// A bank with two accounts: a command reads streams, decides, and appends one event to one stream or to several.
func Example() {
	if err := runBank(context.Background(), memory.New(memory.Options{})); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 Deposited [{account-anna 1}]
	// eventcore_test.Withdraw: insufficient funds
	// 2 Transferred [{account-anna 2} {account-ben 1}]
	// anna has 70 at version 2
}

func runBank(ctx context.Context, store eventcore.Store) error {
	executor, err := eventcore.NewExecutor(ctx, store, bank, eventcore.ExecutorOptions{})
	if err != nil {
		return err
	}
	defer executor.Close()

	for _, command := range []eventcore.Command{
		Deposit{Account: "account-anna", Amount: 100},
		Withdraw{Account: "account-anna", Amount: 500},
		Transfer{From: "account-anna", To: "account-ben", Amount: 30},
	} {
		receipt, err := executor.Execute(ctx, command)
		if err != nil {
			fmt.Printf("%T: %v\n", command, err)
			continue
		}
		for _, event := range receipt.Events {
			fmt.Println(event.Position, event.Type, event.Streams)
		}
	}

	anna, err := eventcore.View[Account](ctx, executor, "account-anna")
	if err != nil {
		return err
	}
	fmt.Println("anna has", anna.State.Balance, "at version", anna.Version)
	return nil
}
