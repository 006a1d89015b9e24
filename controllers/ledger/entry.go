// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/saga"
)

// Kind says what was requested.
type Kind string

// The kinds of requests.
const (
	Charge        Kind = "charge"
	Authorization Kind = "authorization"
	Capture       Kind = "capture"
	Void          Kind = "void"
	Refund        Kind = "refund"
	Shipment      Kind = "shipment"
	Cancellation  Kind = "cancellation"
)

// State says what became of a request. It never changes.
type State string

// The states of entries.
const (
	// Done means that it happened.
	Done State = "done"
	// Refused means that the provider said no.
	Refused State = "refused"
	// Fenced means that it was cancelled before it was requested: it will never happen.
	Fenced State = "fenced"
)

// Request is what is asked of a provider, as far as it may be remembered.
type Request struct {
	// Key is the idempotency key.
	Key  string
	Kind Kind
	// Subject is the reference of the charge that is refunded, of the authorisation that is captured or voided, or of the
	// shipment that is cancelled.
	Subject string
	// Correlation names the order.
	Correlation string
	Amount      saga.Money
}

// Entry is what the ledger knows of an idempotency key.
type Entry struct {
	// Request is the first one with the key. A fence holds nothing but the key.
	Request

	State State
	// Reference is the provider's id of what was done. It follows from the key.
	Reference string
	// Refusal is set if the State is Refused.
	Refusal *calls.Refusal
	// Note is what decisions about later requests have to know: see Tx.Note.
	Note       string
	RecordedAt time.Time
	// Requests counts how often the key was requested, replays and what came after a fence included.
	Requests int
}

// reference returns the provider's id of what is done under the key.
func reference(kind Kind, key string) string {
	prefixes := map[Kind]string{
		Charge: "ch_", Authorization: "au_", Capture: "cp_", Void: "vo_", Refund: "re_", Shipment: "sh_", Cancellation: "ca_",
	}
	digest := sha256.Sum256([]byte(key))
	return prefixes[kind] + hex.EncodeToString(digest[:12])
}
