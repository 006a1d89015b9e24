// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"time"

	"github.com/eventcore/order-operator/eventcore"
)

// NewRegistry returns the registry of all events, those of registered flows too. Names and shapes are frozen: the golden
// log in testdata must stay readable.
func NewRegistry() *eventcore.Registry {
	return eventcore.NewRegistry(append([]eventcore.EventType{
		eventcore.Type[OrderCreated]("OrderCreated", 1),
		eventcore.Type[OrderAttached]("OrderAttached", 1),
		eventcore.Type[OrderCancellationRequested]("OrderCancellationRequested", 1),
		eventcore.Type[OrderSuspended]("OrderSuspended", 1),
		eventcore.Type[OrderResumed]("OrderResumed", 1),
		eventcore.Type[DeadlineExceeded]("DeadlineExceeded", 1),
		eventcore.Type[CompensationStarted]("CompensationStarted", 1),
		eventcore.Type[OrderCancelled]("OrderCancelled", 1),
		eventcore.Type[OrderCompleted]("OrderCompleted", 1),
		eventcore.Type[OrderShipped]("OrderShipped", 1),
		eventcore.Type[StockSupplied]("StockSupplied", 1),
		eventcore.Type[StockReserved]("StockReserved", 1),
		eventcore.Type[StockReservationFailed]("StockReservationFailed", 1),
		eventcore.Type[StockReservationReleased]("StockReservationReleased", 1),
		eventcore.Type[PaymentRequested]("PaymentRequested", 1),
		eventcore.Type[PaymentProcessed]("PaymentProcessed", 1),
		eventcore.Type[PaymentFailed]("PaymentFailed", 1),
		eventcore.Type[CaptureRequested]("CaptureRequested", 1),
		eventcore.Type[PaymentCaptured]("PaymentCaptured", 1),
		eventcore.Type[RefundRequested]("RefundRequested", 1),
		eventcore.Type[PaymentRefunded]("PaymentRefunded", 1),
		eventcore.Type[PaymentVoided]("PaymentVoided", 1),
		eventcore.Type[ShipmentRequested]("ShipmentRequested", 1),
		eventcore.Type[ShipmentCreated]("ShipmentCreated", 1),
		eventcore.Type[ShipmentFailed]("ShipmentFailed", 1),
		eventcore.Type[ShipmentCancelRequested]("ShipmentCancelRequested", 1),
		eventcore.Type[ShipmentCancelled]("ShipmentCancelled", 1),
		eventcore.Type[StepWaiting]("StepWaiting", 1),
		eventcore.Type[StepRetryScheduled]("StepRetryScheduled", 1),
		eventcore.Type[OutcomeUnknown]("OutcomeUnknown", 1),
		eventcore.Type[AttentionRequired]("AttentionRequired", 1),
		eventcore.Type[AttentionResolved]("AttentionResolved", 1),
		eventcore.Type[CallDoubted]("CallDoubted", 1),
		eventcore.Type[RollbackSuspected]("RollbackSuspected", 1),
		eventcore.Type[RollbackAccepted]("RollbackAccepted", 1),
	}, ownEvents...)...)
}

// Line is a product that is ordered. Its unit price is the contract: products have no price.
type Line struct {
	Product   string `json:"product"`
	Quantity  int64  `json:"quantity"`
	UnitPrice Money  `json:"unitPrice"`
}

// Customer is who ordered.
type Customer struct {
	ID    string `json:"id"`
	Email string `json:"email,omitzero"`
}

// Address is where the goods go.
type Address struct {
	Name       string   `json:"name"`
	Lines      []string `json:"lines"`
	City       string   `json:"city"`
	PostalCode string   `json:"postalCode,omitzero"`
	Country    string   `json:"country"`
}

// OrderCreated starts the saga and freezes all that the services need to know, except the payment token, which no event
// holds.
type OrderCreated struct {
	// UID is that of the Order object that was accepted.
	UID      string   `json:"uid"`
	Attempt  int      `json:"attempt"`
	Customer Customer `json:"customer"`
	Lines    []Line   `json:"lines"`
	Total    Money    `json:"total"`
	Gateway  string   `json:"gateway"`
	// CaptureMode is Immediate, when the charge captures at once, or OnShipment, when it is captured once the shipment
	// is created.
	CaptureMode string  `json:"captureMode"`
	Carrier     string  `json:"carrier"`
	Address     Address `json:"address"`
	// Deadline is absolute: an order that is not completed by then is compensated.
	Deadline    time.Time `json:"deadline"`
	FlowVersion int       `json:"flowVersion"`
}

// OrderAttached joins another Order object of the same name and content to the order's history.
type OrderAttached struct {
	UID string `json:"uid"`
}

// DeadlineExceeded ends the forward way. Only the order service's clock decides it.
type DeadlineExceeded struct {
	Deadline time.Time `json:"deadline"`
}

// CompensationStarted turns the saga round: from now on what succeeded is undone, in reverse.
type CompensationStarted struct {
	// Step is the one that was refused, empty for a deadline.
	Step    string `json:"step,omitzero"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitzero"`
}

// OrderCancelled ends an order of which nothing is left: no stock, no money, no shipment.
type OrderCancelled struct {
	Reason  string `json:"reason"`
	Message string `json:"message,omitzero"`
}

// OrderCompleted releases the shipment to the carrier and is the pivot: the goods leave the stock.
type OrderCompleted struct {
	Lines []StockLine `json:"lines"`
}

// SupplyTotal is what one source has ever delivered and taken away. Totals only grow.
type SupplyTotal struct {
	Source   string `json:"source"`
	Received int64  `json:"received"`
	Removed  int64  `json:"removed,omitzero"`
}

// StockSupplied sets the totals of all sources of a product; the list may be empty.
type StockSupplied struct {
	Supply []SupplyTotal `json:"supply"`
}

// StockLine is a number of units of a product of the order's namespace.
type StockLine struct {
	Product  string `json:"product"`
	Quantity int64  `json:"quantity"`
}

// StockReserved sets aside all products of an order at once.
type StockReserved struct {
	Lines []StockLine `json:"lines"`
}

// Shortage is a product of which there is not enough.
type Shortage struct {
	Product   string `json:"product"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}

// StockReservationFailed refuses the reservation: nothing is set aside.
type StockReservationFailed struct {
	Shortages []Shortage `json:"shortages"`
}

// StockReservationReleased undoes StockReserved.
type StockReservationReleased struct {
	Lines []StockLine `json:"lines"`
}

// Call identifies one try of a call to a provider. It is recorded before the call is made.
type Call struct {
	// Generation rises only after the one before was closed as refused or fenced; each has its own Key.
	Generation int `json:"generation"`
	// Try counts the calls of the generation, from 1. All tries of a generation send the same request.
	Try int `json:"try"`
	// Key is the idempotency key.
	Key string `json:"key"`
	// Deadline is when the caller stops waiting. After it, anybody may look the call up.
	Deadline time.Time `json:"callDeadline"`
}

// CallOf returns the call that the event announces, and false if it is no intent.
func CallOf(payload any) (Call, bool) {
	switch payload := payload.(type) {
	case PaymentRequested:
		return payload.Call, true
	case CaptureRequested:
		return payload.Call, true
	case RefundRequested:
		return payload.Call, true
	case ShipmentRequested:
		return payload.Call, true
	case ShipmentCancelRequested:
		return payload.Call, true
	case CallDoubted:
		return payload.Call, true
	case StepEvent:
		change := payload.StepChange()
		return change.Call, change.Result == StepRequested
	}
	return Call{}, false
}

// PaymentRequested is the intent to charge.
type PaymentRequested struct {
	Call    Call   `json:"call"`
	Gateway string `json:"gateway"`
	Amount  Money  `json:"amount"`
	// Authorize says that the money is only set aside for now.
	Authorize bool `json:"authorize,omitzero"`
	// Prepared is the provider's id of what was prepared, without an effect, before the call.
	Prepared string `json:"prepared,omitzero"`
}

// PaymentProcessed records a charge, in whatever state the order is.
type PaymentProcessed struct {
	Generation int `json:"generation"`
	// Reference is the provider's id of the charge.
	Reference string `json:"reference"`
	Amount    Money  `json:"amount"`
	// Authorized says that the money was not taken, but set aside.
	Authorized bool `json:"authorized,omitzero"`
}

// PaymentFailed records that the provider refused to charge or, with Capture, to take what it had authorised.
type PaymentFailed struct {
	Generation int    `json:"generation"`
	Capture    bool   `json:"capture,omitzero"`
	Code       string `json:"code"`
	Message    string `json:"message,omitzero"`
}

// RefundRequested is the intent to refund a charge or, with Void, to give back an authorisation.
type RefundRequested struct {
	Call      Call   `json:"call"`
	Void      bool   `json:"void,omitzero"`
	Reference string `json:"reference"`
	Amount    Money  `json:"amount"`
}

// PaymentRefunded records a refund.
type PaymentRefunded struct {
	Generation int `json:"generation"`
	// Reference is the provider's id of the refund.
	Reference string `json:"reference"`
	Amount    Money  `json:"amount"`
}

// ShipmentRequested is the intent to create a shipment to the order's address.
type ShipmentRequested struct {
	Call    Call   `json:"call"`
	Carrier string `json:"carrier"`
}

// ShipmentCreated records a shipment that is ready and can still be cancelled.
type ShipmentCreated struct {
	Generation int `json:"generation"`
	// Reference is the carrier's id of the shipment.
	Reference      string `json:"reference"`
	TrackingNumber string `json:"trackingNumber"`
}

// ShipmentFailed records that the carrier refused the shipment.
type ShipmentFailed struct {
	Generation int    `json:"generation"`
	Code       string `json:"code"`
	Message    string `json:"message,omitzero"`
}

// ShipmentCancelRequested is the intent to cancel a shipment.
type ShipmentCancelRequested struct {
	Call      Call   `json:"call"`
	Reference string `json:"reference"`
}

// ShipmentCancelled records that a shipment was cancelled.
type ShipmentCancelled struct {
	Generation int    `json:"generation"`
	Reference  string `json:"reference"`
}

// StepWaiting says that a step can't be taken before the named object is there. It is recorded once per step and
// reason.
type StepWaiting struct {
	Step   string `json:"step"`
	Reason string `json:"reason"`
	Name   string `json:"name"`
}

// StepRetryScheduled records a try that failed without an effect, and when the next one is due.
type StepRetryScheduled struct {
	// Step is that of the flow; Undo tells its compensation.
	Step       string    `json:"step"`
	Undo       bool      `json:"undo,omitzero"`
	Generation int       `json:"generation"`
	Try        int       `json:"try"`
	NotBefore  time.Time `json:"notBefore"`
	// Fenced says that the provider promised to refuse the generation's key from now on: the generation is closed as
	// 'did not happen'.
	Fenced  bool   `json:"fenced,omitzero"`
	Message string `json:"message,omitzero"`
}

// OutcomeUnknown records that nobody knows whether a call happened. It is looked up from NotBefore on.
type OutcomeUnknown struct {
	Step       string    `json:"step"`
	Undo       bool      `json:"undo,omitzero"`
	Generation int       `json:"generation"`
	Try        int       `json:"try"`
	NotBefore  time.Time `json:"notBefore"`
	Message    string    `json:"message,omitzero"`
}

// AttentionRequired says that a person has to decide: the operator knows no safe way on.
type AttentionRequired struct {
	Step    string `json:"step"`
	Undo    bool   `json:"undo,omitzero"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitzero"`
	// NotBefore is when the operator looks or tries again by itself, as long as nobody decides; zero for never.
	NotBefore time.Time `json:"notBefore,omitzero"`
}
