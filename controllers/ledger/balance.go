// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Balance is what providers did for one order.
type Balance struct {
	// Charged is what was charged or captured; it and the others have no currency as long as they are nothing.
	Charged, Refunded saga.Money
	// Authorized was set aside once; Captured and Voided are what became of it.
	Authorized, Captured, Voided saga.Money
	// Shipments counts those that were created, Cancelled those of them that were cancelled again.
	Shipments, Cancelled int
}

// Held is what is still set aside: neither captured nor voided.
func (b Balance) Held() int64 { return b.Authorized.Minor - b.Captured.Minor - b.Voided.Minor }

// Balances adds up the ledgers, by correlation. An order that was only refused has the zero Balance.
func Balances(ctx context.Context, ledgers ...*Ledger) (map[string]Balance, error) {
	balances := map[string]Balance{}
	for _, l := range ledgers {
		for entry, err := range l.Entries(ctx) {
			if err != nil {
				return nil, err
			}
			if entry.State == Fenced {
				continue
			}
			balance := balances[entry.Correlation]
			if err := balance.add(entry); err != nil {
				return nil, err
			}
			balances[entry.Correlation] = balance
		}
	}
	return balances, nil
}

func (b *Balance) add(entry Entry) error {
	if entry.State != Done {
		return nil
	}
	switch entry.Kind {
	case Charge:
		return add(&b.Charged, entry)
	case Authorization:
		return add(&b.Authorized, entry)
	case Capture:
		return errors.Join(add(&b.Captured, entry), add(&b.Charged, entry))
	case Void:
		return add(&b.Voided, entry)
	case Refund:
		return add(&b.Refunded, entry)
	case Shipment:
		b.Shipments++
	case Cancellation:
		b.Cancelled++
	}
	return nil
}

func add(sum *saga.Money, entry Entry) error {
	if sum.Currency != "" && sum.Currency != entry.Amount.Currency {
		return fmt.Errorf("order %s was charged or refunded in both %s and %s", entry.Correlation, sum.Currency, entry.Amount.Currency)
	}
	sum.Currency = entry.Amount.Currency
	sum.Minor += entry.Amount.Minor
	return nil
}
