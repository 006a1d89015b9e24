// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package bank is what the measurements do to a store: deposits, and transfers between two accounts.
package bank

import "github.com/eventcore/order-operator/eventcore"

// The events. Note makes them as large as wanted.
type (
	// Deposited belongs to one account.
	Deposited struct {
		Amount int64  `json:"amount"`
		Note   string `json:"note,omitempty"`
	}
	// Transferred belongs to both accounts: one event.
	Transferred struct {
		From   eventcore.StreamID `json:"from"`
		To     eventcore.StreamID `json:"to"`
		Amount int64              `json:"amount"`
		Note   string             `json:"note,omitempty"`
	}
	// Debited is one half of a transfer as EventCore's own benchmarks have it: two events.
	Debited struct {
		Amount int64 `json:"amount"`
	}
	// Credited is the other half.
	Credited struct {
		Amount int64 `json:"amount"`
	}
)

// Registry returns the names of the events.
func Registry() *eventcore.Registry {
	return eventcore.NewRegistry(
		eventcore.Type[Deposited]("Deposited", 1),
		eventcore.Type[Transferred]("Transferred", 1),
		eventcore.Type[Debited]("Debited", 1),
		eventcore.Type[Credited]("Credited", 1),
	)
}

// Account is what the events of one account add up to.
type Account struct{ Balance int64 }

// Apply implements eventcore.State.
func (a Account) Apply(stream eventcore.StreamID, event *eventcore.Event) Account {
	a.Balance += Change(stream, event)
	return a
}

// Change is what the event adds to the account.
func Change(account eventcore.StreamID, event *eventcore.Event) int64 {
	switch e := event.Payload.(type) {
	case Deposited:
		return e.Amount
	case Credited:
		return e.Amount
	case Debited:
		return -e.Amount
	case Transferred:
		if account == e.From {
			return -e.Amount
		}
		return e.Amount
	}
	return 0
}
