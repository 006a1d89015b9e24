// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"iter"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Evidence is what others than the event store say. What is nil is unknown, and proves nothing.
type Evidence struct {
	// Movements are the entries of all providers' ledgers.
	Movements iter.Seq2[Movement, error]
	// Orders and Products are the statuses of the objects.
	Orders   map[saga.OrderID]*OrderStatus
	Products map[saga.ProductID]*ProductStatus
	// Now is the time of the look. An order whose next step was due longer ago than Grace is stuck; zero leaves that
	// out.
	Now   time.Time
	Grace time.Duration
}

// Kind is what a provider was asked to do.
type Kind string

// The kinds of movements.
const (
	Charge       Kind = "charge"
	Authorize    Kind = "authorise"
	Capture      Kind = "capture"
	Void         Kind = "void"
	Refund       Kind = "refund"
	Shipment     Kind = "shipment"
	Cancellation Kind = "cancellation"
)

// State is what became of a request.
type State string

// The states of movements.
const (
	Done    State = "done"
	Refused State = "refused"
	Fenced  State = "fenced"
)

// Movement is an entry of a provider's ledger: what became of an idempotency key.
type Movement struct {
	Kind Kind
	// Key is the idempotency key, Correlation names the order: store/namespace/name/attempt. A fence may have no
	// correlation.
	Key         string
	Correlation string
	State       State
	Amount      saga.Money
	// Requests is how often it was asked for, answers from memory included; 0 if the provider doesn't count.
	Requests int
}

// OrderStatus is what the status of an Order object says. A nil field is unknown.
type OrderStatus struct {
	// UID is the object's.
	UID string
	// Outcome is Completed, Cancelled, Rejected, or empty while the order is open.
	Outcome *string
	// Charged and Refunded are decimals, such as 15.00.
	Charged, Refunded *string
	// NeedsAttention is whether it asks for a person.
	NeedsAttention *bool
	// Epoch and Position are those of the history that it shows.
	Epoch    int64
	Position *eventcore.Position
	// Differs returns in what the status is not the projection of the order, empty if it is: the operator's own function of
	// the events, of which the fields above are a few that the checker counts by itself. It may be nil, and is not asked
	// without Options.KeepSettled.
	Differs func(order saga.Order) string
}

// ProductStatus is what the status of a Product object says. A nil field is unknown.
type ProductStatus struct {
	// Supplied is what the object's spec adds up to.
	Supplied *int64
	// Available, Reserved and Shipped are of its status.
	Available, Reserved, Shipped *int64
}
