// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"encoding/json"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

const (
	// TokenHeader carries "Bearer TOKEN" for requests through the API server, which keeps Authorization to itself.
	TokenHeader = "X-Commerce-Authorization" //nolint:gosec // the name of a header
	// Audience is what a token may be limited to, so that it is good for nothing but reading the history.
	Audience = "order-operator-history"
	// Group is that of the permission which a reader needs in the order's namespace.
	Group = "commerce.eventcore.dev"
	// Resource is what the permission is for.
	Resource = "orders/history"
	// Verb is what it permits.
	Verb = "get"
)

// History names the store and how far it was read.
type History struct {
	StoreID string `json:"storeID"`
	Epoch   int64  `json:"epoch"`
	// Position is the one up to which the answer is complete.
	Position uint64 `json:"position"`
}

// Timeline is a part of what has happened to an order, oldest first.
type Timeline struct {
	History   History `json:"history"`
	Namespace string  `json:"namespace"`
	Name      string  `json:"name"`
	Events    []Event `json:"events"`
	// Next is where to go on (from=NEXT); 0 if there is nothing more now.
	Next uint64 `json:"next,omitzero"`
}

// Event is one fact.
type Event struct {
	Position uint64    `json:"position"`
	Time     time.Time `json:"time"`
	// Type is the event's name, Version that of its schema.
	Type    string `json:"type"`
	Version int    `json:"version"`
	// Sentence says it to people.
	Sentence string `json:"sentence"`
	// Actor is the service or person on whose behalf it was decided, and Command what decided it.
	Actor   string `json:"actor,omitempty"`
	Command string `json:"command,omitempty"`
	// Causation is the position of the event that led to this one, 0 if none did.
	Causation uint64 `json:"causation,omitzero"`
	// Correlation is shared by all events and provider calls of one attempt of the order.
	Correlation string `json:"correlation,omitempty"`
	// TraceContext is the W3C traceparent of the command.
	TraceContext string `json:"traceContext,omitempty"`
	// Data is the event as it is stored, less the customer's e-mail and address. Events of services that this program does
	// not know have none.
	Data json.RawMessage `json:"data,omitempty"`
}

// Line is one line of a timeline that is followed; exactly one field is set.
type Line struct {
	Event *Event `json:"event,omitempty"`
	// Heartbeat says that nothing has happened, and that the stream is alive.
	Heartbeat *Heartbeat `json:"heartbeat,omitempty"`
	// End is the last line, unless the connection broke.
	End *End `json:"end,omitempty"`
}

// Heartbeat is sent while there is nothing else to send.
type Heartbeat struct {
	Time time.Time `json:"time"`
	// Position is the one up to which everything was sent.
	Position uint64 `json:"position"`
}

// End says why no more lines follow.
type End struct {
	// Reason is TimedOut, ShuttingDown, Unauthorized, Forbidden or Failed.
	Reason string `json:"reason"`
	// Message is a sentence for people.
	Message string `json:"message"`
	// From is where to go on.
	From uint64 `json:"from"`
}

// The reasons of an End.
const (
	// EndTimedOut says that it was followed for as long as the operator allows: ask again.
	EndTimedOut = "TimedOut"
	// EndShuttingDown says that this replica stops: ask again, and another one answers.
	EndShuttingDown = "ShuttingDown"
	// EndUnauthorized says that the token is not valid any more: ask again with a fresh one.
	EndUnauthorized = "Unauthorized"
	// EndForbidden says that the reader has lost the permission.
	EndForbidden = "Forbidden"
	// EndFailed says that the store can't be read.
	EndFailed = "Failed"
)

// State is an order as its events up to a position say.
type State struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Position and Time are those of the last event that counts.
	Position uint64    `json:"position"`
	Time     time.Time `json:"time"`
	// Events is how many there were.
	Events uint64  `json:"events"`
	Order  Content `json:"order"`
	// Status is what the status of the Order said or should have said then.
	Status commercev1.OrderStatus `json:"status"`
}

// Content is what was ordered, less the customer's e-mail and address.
type Content struct {
	// UIDs are those of the Order objects that were accepted.
	UIDs        []string  `json:"uids,omitempty"`
	Customer    string    `json:"customer,omitempty"`
	Currency    string    `json:"currency,omitempty"`
	Items       []Item    `json:"items,omitempty"`
	Gateway     string    `json:"gateway,omitempty"`
	CaptureMode string    `json:"captureMode,omitempty"`
	Carrier     string    `json:"carrier,omitempty"`
	Deadline    time.Time `json:"deadline,omitzero"`
}

// Item is a number of units of a product.
type Item struct {
	Product   string `json:"product"`
	Quantity  int64  `json:"quantity"`
	UnitPrice string `json:"unitPrice"`
}

// OrderList is a page of the orders that the store knows, in the order in which they were created.
type OrderList struct {
	History History `json:"history"`
	Orders  []State `json:"orders"`
	// Next is where to go on (from=NEXT); 0 if these were the last.
	Next uint64 `json:"next,omitzero"`
}

// Report is what the invariants say.
type Report struct {
	History History `json:"history"`
	// Method is Events if the events were read for this report, and Checker if it is what the running checker has found.
	Method string `json:"method"`
	// Rules is how many there are; Events, Orders and Products how many were held against them.
	Rules    int `json:"rules"`
	Events   int `json:"events,omitzero"`
	Orders   int `json:"orders,omitzero"`
	Products int `json:"products,omitzero"`
	// Violations is empty if all is well. Omitted counts those that were found beyond.
	Violations []Violation `json:"violations"`
	Omitted    int         `json:"omitted,omitzero"`
}

// The methods of a Report.
const (
	MethodEvents  = "Events"
	MethodChecker = "Checker"
)

// Violation is a rule that does not hold.
type Violation struct {
	Rule string `json:"rule"`
	// Kind is Order or Product, empty if it is about neither.
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	// Positions are those of the events that show it.
	Positions []uint64 `json:"positions,omitempty"`
	// Explanation is a sentence for the shopkeeper.
	Explanation string `json:"explanation"`
}
