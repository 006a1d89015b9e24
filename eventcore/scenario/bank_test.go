// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"errors"

	"github.com/eventcore/order-operator/eventcore"
)

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

var bank = eventcore.NewRegistry(
	eventcore.Type[Deposited]("Deposited", 1),
	eventcore.Type[Withdrawn]("Withdrawn", 1),
	eventcore.Type[Transferred]("Transferred", 1),
)

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

var ErrInsufficientFunds = errors.New("insufficient funds")

// Withdraw takes money off an account. Nothing is a valid amount.
type Withdraw struct {
	Account eventcore.StreamID
	Amount  int64
}

func (c Withdraw) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Account} }

func (c Withdraw) Handle(b *eventcore.Boundary) error {
	switch account := eventcore.Load[Account](b, c.Account); {
	case c.Amount == 0:
		return nil
	case account.Balance < c.Amount:
		return ErrInsufficientFunds
	}
	return b.Append(Withdrawn{Amount: c.Amount}, c.Account)
}

// Transfer moves money by one event that belongs to both accounts.
type Transfer struct {
	Amount   int64
	From, To eventcore.StreamID
}

func (c Transfer) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.From, c.To} }

func (c Transfer) Handle(b *eventcore.Boundary) error {
	if eventcore.Load[Account](b, c.From).Balance < c.Amount {
		return ErrInsufficientFunds
	}
	eventcore.Load[Account](b, c.To)
	return b.Append(Transferred{From: c.From, To: c.To, Amount: c.Amount}, c.From, c.To)
}
