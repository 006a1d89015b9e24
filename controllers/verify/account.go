// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// operation is a call to a provider.
type operation string

const (
	charge   operation = "charge"
	capture  operation = "capture"
	refund   operation = "refund"
	void     operation = "void"
	ship     operation = "shipment"
	withdraw operation = "cancellation of the shipment"
)

// callState is where the last generation of a call stands.
type callState string

const (
	// flying: its caller has not said yet how it ended.
	flying callState = "flying"
	// failed: the last try had no effect, and there may be another.
	failed callState = "failed"
	// unknown: nobody knows what became of it.
	unknown callState = "unknown"
	// succeeded, refused and fenced are final.
	succeeded callState = "succeeded"
	refused   callState = "refused"
	fenced    callState = "fenced"
)

// callAccount is one operation of an order.
type callAccount struct {
	Generation int                `json:"generation"`
	Try        int                `json:"try"`
	Key        string             `json:"key"`
	Amount     saga.Money         `json:"amount,omitzero"`
	State      callState          `json:"state"`
	Intent     eventcore.Position `json:"intent"`
	// Asserted says that the state is a person's word.
	Asserted bool `json:"asserted,omitzero"`
	// Until is when something is due: the end of the call, a retry, a look-up.
	Until time.Time `json:"until,omitzero"`
}

// open reports whether the call may still have an effect that is not recorded.
func (c *callAccount) open() bool {
	return c.State == flying || c.State == failed || c.State == unknown
}

// attention is a question to a person.
type attention struct {
	Step     string             `json:"step"`
	Undo     bool               `json:"undo,omitzero"`
	Reason   string             `json:"reason"`
	Position eventcore.Position `json:"position"`
	// GoesOn says that the operator tries again meanwhile.
	GoesOn bool `json:"goesOn,omitzero"`
}

// byHand is what persons say was done, at the provider or otherwise: its ledger may know of it or not. Amounts are in minor
// units, and the rest counts.
type byHand struct {
	Captured   int64 `json:"captured,omitzero"`
	Refunded   int64 `json:"refunded,omitzero"`
	Authorized int64 `json:"authorized,omitzero"`
	// Released was set aside, and is said to have been taken or given back.
	Released  int64 `json:"released,omitzero"`
	Shipped   int64 `json:"shipped,omitzero"`
	Withdrawn int64 `json:"withdrawn,omitzero"`
	// Twice says that something happened twice, and was seen to at the provider.
	Twice bool `json:"twice,omitzero"`
}

// ending is how an order ended.
type ending string

const (
	completed ending = "completed"
	cancelled ending = "cancelled"
)

// orderAccount is what the checker counts of one attempt of an order: by itself, not by the fold of package saga, so
// that a mistake in the fold does not hide itself.
type orderAccount struct {
	UIDs       []string         `json:"uids"`
	Attempt    int              `json:"attempt"`
	Total      saga.Money       `json:"total"`
	OnShipment bool             `json:"onShipment,omitzero"`
	Lines      []saga.StockLine `json:"lines"`
	Deadline   time.Time        `json:"deadline"`

	// Turned, TooLate, Unwanted and Suspended are the positions of what stops the forward way, 0 if nothing does.
	Turned    eventcore.Position `json:"turned,omitzero"`
	TooLate   eventcore.Position `json:"tooLate,omitzero"`
	Unwanted  eventcore.Position `json:"unwanted,omitzero"`
	Suspended eventcore.Position `json:"suspended,omitzero"`
	CancelAt  time.Time          `json:"cancelAt,omitzero"`
	Attention *attention         `json:"attention,omitzero"`
	Waiting   bool               `json:"waiting,omitzero"`
	Refused   bool               `json:"refused,omitzero"`
	// NotBefore is when what was put off is due.
	NotBefore time.Time          `json:"notBefore,omitzero"`
	Ending    ending             `json:"ending,omitzero"`
	Ended     eventcore.Position `json:"ended,omitzero"`

	// Reserved, Charged and Shipped are the positions of what the order holds now, 0 if it does not.
	Reserved eventcore.Position `json:"reserved,omitzero"`
	Charged  eventcore.Position `json:"charged,omitzero"`
	Shipped  eventcore.Position `json:"shipped,omitzero"`
	// Dispatched is where the carrier took the goods.
	Dispatched eventcore.Position `json:"dispatched,omitzero"`
	// Authorized is set aside and neither taken nor given back; Captured was ever taken, Refunded ever given back.
	Authorized int64 `json:"authorized,omitzero"`
	Captured   int64 `json:"captured,omitzero"`
	Refunded   int64 `json:"refunded,omitzero"`
	// Refunds are the references of what was given back: each counts once.
	Refunds []string `json:"refunds,omitempty"`
	// ByHand is what persons have answered for.
	ByHand byHand `json:"byHand,omitzero"`

	Calls map[operation]*callAccount `json:"calls,omitempty"`

	Last   eventcore.Position `json:"last"`
	LastAt time.Time          `json:"lastAt"`
}

func newAccount(created saga.OrderCreated) *orderAccount {
	a := &orderAccount{
		UIDs: []string{created.UID}, Attempt: created.Attempt, Total: created.Total, Deadline: created.Deadline,
		OnShipment: created.CaptureMode == saga.CaptureOnShipment, Calls: map[operation]*callAccount{},
	}
	for _, line := range created.Lines {
		a.Lines = append(a.Lines, saga.StockLine{Product: line.Product, Quantity: line.Quantity})
	}
	return a
}

// call returns the operation's account, a zero one if it was never begun.
func (a *orderAccount) call(o operation) *callAccount {
	if a.Calls == nil {
		a.Calls = map[operation]*callAccount{}
	}
	if a.Calls[o] == nil {
		a.Calls[o] = &callAccount{}
	}
	return a.Calls[o]
}

// openCall returns the first of the operations whose outcome is not known, nil if there is none.
func (a *orderAccount) openCall(operations ...operation) (operation, *callAccount) {
	for _, o := range operations {
		if c := a.Calls[o]; c != nil && c.open() {
			return o, c
		}
	}
	return "", nil
}

// kept is what was taken and not given back.
func (a *orderAccount) kept() int64 { return a.Captured - a.Refunded }

// holdsMoney reports whether any of the customer's money is taken or set aside.
func (a *orderAccount) holdsMoney() bool { return a.kept() != 0 || a.Authorized != 0 }

// settled reports whether nothing can come after this but remarks: the account may be forgotten.
func (a *orderAccount) settled() bool {
	if _, open := a.openCall(allOperations...); open != nil || a.Ending == "" {
		return false
	}
	return a.Ending == completed || a.Reserved == 0 && !a.holdsMoney() && a.Shipped == 0
}

var allOperations = []operation{charge, capture, refund, void, ship, withdraw}

// accepts reports whether the object with the UID belongs to the order.
func (a *orderAccount) accepts(uid string) bool { return slices.Contains(a.UIDs, uid) }

func (a *orderAccount) amount(minor int64) string {
	return money(saga.Money{Currency: a.Total.Currency, Minor: minor})
}

// turnForward forgets why the order had turned round: the goods are gone, so it is completed.
func (a *orderAccount) turnForward() {
	a.Turned, a.TooLate, a.Unwanted, a.Suspended, a.CancelAt = 0, 0, 0, 0, time.Time{}
}
