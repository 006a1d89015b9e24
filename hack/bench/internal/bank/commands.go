// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package bank

import "github.com/eventcore/order-operator/eventcore"

// Deposit adds to an account.
type Deposit struct {
	Account eventcore.StreamID
	Amount  int64
	Note    string
}

// ReadStreams implements eventcore.Command.
func (c Deposit) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.Account} }

// Handle implements eventcore.Command.
func (c Deposit) Handle(b *eventcore.Boundary) error {
	eventcore.Load[Account](b, c.Account)
	return b.Append(Deposited{Amount: c.Amount, Note: c.Note}, c.Account)
}

// Transfer moves money by one event in the streams of both accounts. Accounts may be overdrawn: every command appends.
type Transfer struct {
	From, To eventcore.StreamID
	Amount   int64
	Note     string
}

// ReadStreams implements eventcore.Command.
func (c Transfer) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.From, c.To} }

// Handle implements eventcore.Command.
func (c Transfer) Handle(b *eventcore.Boundary) error {
	eventcore.Load[Account](b, c.From)
	eventcore.Load[Account](b, c.To)
	return b.Append(Transferred(c), c.From, c.To)
}

// TransferInTwo moves money by two events, one for each account.
type TransferInTwo struct {
	From, To eventcore.StreamID
	Amount   int64
}

// ReadStreams implements eventcore.Command.
func (c TransferInTwo) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{c.From, c.To} }

// Handle implements eventcore.Command.
func (c TransferInTwo) Handle(b *eventcore.Boundary) error {
	eventcore.Load[Account](b, c.From)
	eventcore.Load[Account](b, c.To)
	if err := b.Append(Debited{Amount: c.Amount}, c.From); err != nil {
		return err
	}
	return b.Append(Credited{Amount: c.Amount}, c.To)
}
