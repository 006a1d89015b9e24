// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/controllers/calls"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/controllers/verify"
)

// errDone is a provider's answer to a fence that comes too late.
var errDone = errors.New("simulated: it has been done")

// book is what the providers did, by idempotency key. It keeps the providers' contract, whatever the network does.
type book struct {
	entries map[string]*bookEntry
	keys    []string // in the order of their first request
}

type bookEntry struct {
	verify.Movement
	// asked is what the first request with the key asked for.
	asked     any
	reference string
	refusal   *calls.Refusal
	// of is the reference of the charge or shipment that it is about, note how that one is to be treated later.
	of, note string
}

func newBook() *book { return &book{entries: map[string]*bookEntry{}} }

// do carries the request out, once for its key. Counted requests are those of the operator, not the network's copies.
func (b *book) do(e bookEntry, counted bool, decide func() *calls.Refusal) (*bookEntry, error) {
	known := b.entries[e.Key]
	if known == nil {
		known = &e
		known.State, known.reference = verify.Done, "ref-"+e.Key
		if known.refusal = decide(); known.refusal != nil {
			known.State = verify.Refused
		}
		b.add(known)
	}
	if counted {
		known.Requests++
	}
	switch {
	case known.State == verify.Fenced:
		return nil, &calls.Refusal{Code: calls.CodeFenced, Message: "The key was cancelled"}
	case known.asked != e.asked:
		return nil, &calls.Refusal{Code: "key_reused", Message: "The key was used for another request"}
	case known.State == verify.Refused:
		return nil, known.refusal
	}
	return known, nil
}

func (b *book) add(e *bookEntry) {
	b.entries[e.Key] = e
	b.keys = append(b.keys, e.Key)
}

// find returns what became of the key, nil if nothing did.
func (b *book) find(key string) (*bookEntry, error) {
	known := b.entries[key]
	switch {
	case known == nil, known.State == verify.Fenced:
		return nil, nil
	case known.State == verify.Refused:
		return nil, known.refusal
	}
	return known, nil
}

// fence makes sure that nothing will be done under the key any more.
func (b *book) fence(key string) error {
	switch known := b.entries[key]; {
	case known == nil:
		b.add(&bookEntry{Movement: verify.Movement{Key: key, State: verify.Fenced}})
	case known.State == verify.Done:
		return errDone
	}
	return nil
}

// done returns what was done under the reference, nil if nothing was.
func (b *book) done(reference string) *bookEntry {
	for _, key := range b.keys {
		if e := b.entries[key]; e.reference == reference && e.State == verify.Done {
			return e
		}
	}
	return nil
}

// total counts and adds up what was done of the kind about the reference.
func (b *book) total(kind verify.Kind, reference string) (count int, minor int64) {
	for _, e := range b.entries {
		if e.of == reference && e.Kind == kind && e.State == verify.Done {
			count++
			minor += e.Amount.Minor
		}
	}
	return count, minor
}

var movementKinds = map[payment.Action]verify.Kind{
	payment.Charge: verify.Charge, payment.Authorize: verify.Authorize, payment.Capture: verify.Capture,
	payment.Void: verify.Void, payment.Refund: verify.Refund,
}

// Tokens of orders and what the bank makes of them. All others are charged without a word.
const (
	tokenApprove        = "sim_approve"
	tokenDecline        = "sim_decline"
	tokenRefundRefused  = "sim_refund_refused"
	tokenCaptureRefused = "sim_capture_refused"
	tokenVoidRefused    = "sim_void_refused"
)

// pay is a request to the bank.
func (b *book) pay(r payment.Request, counted bool) (payment.Movement, error) {
	note := ""
	if r.Action == payment.Charge || r.Action == payment.Authorize {
		note = r.Token
	}
	asked := r
	asked.Token = "" // the token may be replaced between two tries
	e, err := b.do(bookEntry{
		Movement: verify.Movement{Kind: movementKinds[r.Action], Key: r.Key, Correlation: r.Correlation, Amount: r.Amount},
		asked:    asked, of: r.Charge, note: note,
	}, counted, func() *calls.Refusal { return b.decide(r) })
	if err != nil {
		return payment.Movement{}, err
	}
	return payment.Movement{Reference: e.reference, Amount: e.Amount}, nil
}

func refusal(code string) *calls.Refusal {
	return &calls.Refusal{Code: code, Message: "The answer is no"}
}

// decide is the bank's answer to something new.
func (b *book) decide(r payment.Request) *calls.Refusal {
	if r.Action == payment.Charge || r.Action == payment.Authorize {
		if r.Token == tokenDecline {
			return refusal("card_declined")
		}
		return nil
	}
	charge := b.done(r.Charge)
	if charge == nil || charge.Amount.Currency != r.Amount.Currency {
		return refusal("charge_not_found")
	}
	captures, captured := b.total(verify.Capture, r.Charge)
	voids, _ := b.total(verify.Void, r.Charge)
	_, refunded := b.total(verify.Refund, r.Charge)
	if charge.Kind == verify.Charge {
		captured = charge.Amount.Minor
	}
	refusedBy := map[payment.Action]string{
		payment.Refund: tokenRefundRefused, payment.Capture: tokenCaptureRefused, payment.Void: tokenVoidRefused,
	}
	switch {
	case charge.note == refusedBy[r.Action]:
		return refusal("not_possible")
	case r.Action == payment.Refund && r.Amount.Minor > captured-refunded:
		return refusal("refund_exceeds_charge")
	case r.Action != payment.Refund && (captures > 0 || voids > 0 || r.Amount != charge.Amount):
		return refusal("already_ended")
	}
	return nil
}

// Names in addresses and what the carrier makes of them.
const (
	addressFine          = "Ada Lovelace"
	addressRefused       = "SIM REFUSE"
	addressDispatched    = "SIM DISPATCHED"
	addressCancelRefused = "SIM CANCEL REFUSED"
)

// ship is a request to the carrier.
func (b *book) ship(r shipping.ShipmentRequest, counted bool) (shipping.Shipment, error) {
	asked := fmt.Sprint(r)
	e, err := b.do(bookEntry{
		Movement: verify.Movement{Kind: verify.Shipment, Key: r.Key, Correlation: r.Correlation}, asked: asked, note: r.Address.Name,
	}, counted, func() *calls.Refusal {
		if r.Address.Name == addressRefused {
			return refusal("address_refused")
		}
		return nil
	})
	if err != nil {
		return shipping.Shipment{}, err
	}
	return shipping.Shipment{Reference: e.reference, TrackingNumber: "T"}, nil
}

// withdraw cancels a shipment.
func (b *book) withdraw(r shipping.CancelRequest, counted bool) (shipping.Cancellation, error) {
	_, err := b.do(bookEntry{
		Movement: verify.Movement{Kind: verify.Cancellation, Key: r.Key, Correlation: r.Correlation}, asked: r, of: r.Shipment,
	}, counted, func() *calls.Refusal { return b.mayWithdraw(r) })
	return shipping.Cancellation{Reference: r.Shipment}, err
}

func (b *book) mayWithdraw(r shipping.CancelRequest) *calls.Refusal {
	shipment := b.done(r.Shipment)
	withdrawn, _ := b.total(verify.Cancellation, r.Shipment)
	switch {
	case shipment == nil || withdrawn > 0:
		return refusal("shipment_not_found")
	case shipment.note == addressDispatched:
		return refusal(shipping.CodeDispatched)
	case shipment.note == addressCancelRefused:
		return refusal("cancellation_refused")
	}
	return nil
}

// movements are the entries as the checker takes them.
func (b *book) movements(yield func(verify.Movement, error) bool) {
	for _, key := range b.keys {
		if !yield(b.entries[key].Movement, nil) {
			return
		}
	}
}
