// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// start is when the orders of the tests are created. They have an hour.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var orderID = saga.OrderID{Namespace: "shop", Name: "order-001"}

// after returns the time so long after start.
func after(d time.Duration) time.Time { return start.Add(d) }

func usd(minor int64) saga.Money { return saga.Money{Currency: "USD", Minor: minor} }

var created = saga.OrderCreated{
	UID: "uid-1", Attempt: 1,
	Customer: saga.Customer{ID: "cust-123"},
	Lines: []saga.Line{
		{Product: "laptop-001", Quantity: 1, UnitPrice: usd(120_000)},
		{Product: "mouse-001", Quantity: 2, UnitPrice: usd(15_000)},
	},
	Total: usd(150_000), Gateway: "default", CaptureMode: "Immediate", Carrier: "default",
	Deadline: start.Add(time.Hour), FlowVersion: 1,
}

// The events of the tests, as short as their tables need them.
var (
	reserved    = saga.StockReserved{Lines: saga.StockLines(created.Lines)}
	released    = saga.StockReservationReleased{Lines: saga.StockLines(created.Lines)}
	outOfStock  = saga.StockReservationFailed{Shortages: []saga.Shortage{{Product: "laptop-001", Requested: 1}}}
	paid        = saga.PaymentProcessed{Generation: 1, Reference: "ch_1", Amount: usd(150_000)}
	declined    = saga.PaymentFailed{Generation: 1, Code: "card_declined"}
	refunded    = saga.PaymentRefunded{Generation: 1, Reference: "re_1", Amount: usd(150_000)}
	shipped     = saga.ShipmentCreated{Generation: 1, Reference: "sh_1", TrackingNumber: "T1"}
	refused     = saga.ShipmentFailed{Generation: 1, Code: "address_refused"}
	unshipped   = saga.ShipmentCancelled{Generation: 1, Reference: "sh_1"}
	completed   = saga.OrderCompleted{Lines: saga.StockLines(created.Lines)}
	cancelled   = saga.OrderCancelled{Reason: saga.ReasonPaymentDeclined}
	compensated = saga.CompensationStarted{Step: saga.CreateShipment, Reason: saga.ReasonShipmentRefused}
	tooLate     = saga.DeadlineExceeded{Deadline: created.Deadline}
	noRefund    = saga.AttentionRequired{Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonRefundRefused}
	noGateway   = saga.StepWaiting{Step: saga.ProcessPayment, Reason: saga.ReasonWaitingForGateway, Name: "default"}
)

// The events of orders that capture on shipment.
var (
	createdOnShipment = func() saga.OrderCreated {
		content := created
		content.CaptureMode = saga.CaptureOnShipment
		return content
	}()
	authorized     = saga.PaymentProcessed{Generation: 1, Reference: "au_1", Amount: usd(150_000), Authorized: true}
	captured       = saga.PaymentCaptured{Generation: 1, Reference: "cp_1", Amount: usd(150_000)}
	captureRefused = saga.PaymentFailed{Generation: 1, Capture: true, Code: "expired"}
	voided         = saga.PaymentVoided{Generation: 1, Reference: "vo_1"}
)

// What people and carriers have to say.
var (
	wantsOut   = saga.OrderCancellationRequested{Reason: saga.ReasonCancelledByUser}
	turnedByIt = saga.Cancellation(saga.ReasonCancelledByUser)
	suspended  = saga.OrderSuspended{Reason: saga.ReasonSuspended}
	absent     = saga.OrderSuspended{Reason: saga.ReasonOrderDeleted, CancelAt: after(time.Minute)}
	resumed    = saga.OrderResumed{}
	goodsLeft  = saga.OrderShipped{Reference: "sh_1"}
	noLabel    = saga.AttentionRequired{Step: saga.CreateShipment, Undo: true, Reason: saga.ReasonCancelRefused}
	unpaid     = saga.AttentionRequired{Step: saga.CapturePayment, Reason: saga.ReasonShippedUnpaid}
	unpaidBack = saga.AttentionRequired{Step: saga.CreateShipment, Undo: true, Reason: saga.ReasonShippedUnpaid}
	twice      = saga.AttentionRequired{Step: saga.ProcessPayment, Reason: saga.ReasonHappenedTwice}
)

func captureRequested() saga.CaptureRequested {
	return saga.CaptureRequested{Call: call(1), Reference: "au_1", Amount: usd(150_000)}
}

func voidRequested() saga.RefundRequested {
	return saga.RefundRequested{Call: call(1), Void: true, Reference: "au_1", Amount: usd(150_000)}
}

// asked is the attention about an unknown outcome, which the operator goes on to look up.
func asked(step string, undo bool) saga.AttentionRequired {
	return saga.AttentionRequired{
		Step: step, Undo: undo, Reason: saga.ReasonOutcomeUnknown, NotBefore: after(5 * time.Second),
	}
}

// answered is a person's answer to the attention.
func answered(attention saga.AttentionRequired, action saga.Resolution) saga.AttentionResolved {
	return saga.AttentionResolved{
		Step: attention.Step, Undo: attention.Undo, Action: action, Reason: "Seen to", Actor: "ada", Reference: "by-hand",
	}
}

// call is the first try of a generation; its caller gives up ten seconds after start.
func call(generation int) saga.Call {
	return saga.Call{Generation: generation, Try: 1, Key: "key", Deadline: after(10 * time.Second)}
}

func requested(generation int) saga.PaymentRequested {
	return saga.PaymentRequested{Call: call(generation), Gateway: "default", Amount: usd(150_000)}
}

func refundRequested() saga.RefundRequested {
	return saga.RefundRequested{Call: call(1), Reference: "ch_1", Amount: usd(150_000)}
}

func shipmentRequested() saga.ShipmentRequested {
	return saga.ShipmentRequested{Call: call(1), Carrier: "default"}
}

func cancelRequested() saga.ShipmentCancelRequested {
	return saga.ShipmentCancelRequested{Call: call(1), Reference: "sh_1"}
}

func retry(step string, notBefore time.Duration) saga.StepRetryScheduled {
	return saga.StepRetryScheduled{Step: step, Generation: 1, Try: 1, NotBefore: after(notBefore)}
}

func fenced(step string) saga.StepRetryScheduled {
	return saga.StepRetryScheduled{Step: step, Generation: 1, Try: 1, NotBefore: after(time.Second), Fenced: true}
}

func unknown(step string, notBefore time.Duration) saga.OutcomeUnknown {
	return saga.OutcomeUnknown{Step: step, Generation: 1, Try: 1, NotBefore: after(notBefore)}
}

// undo makes a remark one about the compensation.
func undo(remark any) any {
	switch remark := remark.(type) {
	case saga.StepRetryScheduled:
		remark.Undo = true
		return remark
	case saga.OutcomeUnknown:
		remark.Undo = true
		return remark
	}
	return remark
}

// fold returns the order that the events add up to. They are recorded a millisecond apart.
func fold(events ...any) saga.Order {
	var order saga.Order
	for i, payload := range events {
		order = order.Apply(orderID.Stream(), event(i+1, payload))
	}
	return order
}

func event(position int, payload any) *eventcore.Event {
	return &eventcore.Event{
		Position: eventcore.Position(position), Payload: payload,
		RecordedAt: start.Add(time.Duration(position) * time.Millisecond),
	}
}

// join returns the events of all lists, one after the other.
func join(lists ...[]any) []any {
	var all []any
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
