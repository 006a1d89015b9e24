// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"reflect"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// sentence is how an event is told: what has happened, and what of it a reader needs. Addresses and
// customers are never told.
type sentence struct {
	says string
	// detail is for those who want to know more than the steps: it is logged at level 1.
	detail bool
	values func(payload any) []any
}

// tell returns the sentence of events with a payload of type T.
func tell[T any](says string, values func(payload T) []any) entry {
	return entry{reflect.TypeFor[T](), sentence{says: says, values: func(payload any) []any {
		own, ok := payload.(T)
		if !ok || values == nil {
			return nil
		}
		return values(own)
	}}}
}

type entry struct {
	of reflect.Type
	sentence
}

// asDetail makes it a detail.
func (e entry) asDetail() entry {
	e.detail = true
	return e
}

func sentences(entries ...entry) map[reflect.Type]sentence {
	all := make(map[reflect.Type]sentence, len(entries))
	for _, e := range entries {
		all[e.of] = e.sentence
	}
	return all
}

func money(amount saga.Money) string { return amount.String() + " " + amount.Currency }

func called(call saga.Call) []any { return []any{"try", call.Try, "generation", call.Generation} }

// words tell the events.
var words = sentences(
	tell("Order accepted", func(e saga.OrderCreated) []any {
		return []any{"total", money(e.Total), "items", len(e.Lines), "gateway", e.Gateway, "carrier", e.Carrier, "deadline", e.Deadline}
	}),
	tell[saga.OrderAttached]("Another Order object of the same content joined the order", nil),
	tell("Cancellation requested", func(e saga.OrderCancellationRequested) []any { return []any{"reason", e.Reason} }),
	tell("Order suspended", func(e saga.OrderSuspended) []any { return []any{"reason", e.Reason} }),
	tell[saga.OrderResumed]("Order resumed", nil),
	tell("Deadline exceeded", func(e saga.DeadlineExceeded) []any { return []any{"deadline", e.Deadline} }),
	tell("Order turns round: what was done is undone", func(e saga.CompensationStarted) []any {
		return []any{"step", orNone(e.Step), "reason", e.Reason}
	}),
	tell("Order cancelled: nothing is left of it", func(e saga.OrderCancelled) []any { return []any{"reason", e.Reason} }),
	tell[saga.OrderCompleted]("Order completed: the goods are released to the carrier", nil),
	tell[saga.OrderShipped]("The goods have left", nil),

	tell("Stock supplied", func(e saga.StockSupplied) []any { return []any{"sources", len(e.Supply)} }),
	tell("Stock reserved", func(e saga.StockReserved) []any { return []any{"products", len(e.Lines)} }),
	tell("Stock is short: nothing is reserved", func(e saga.StockReservationFailed) []any { return []any{"shortages", e.Shortages} }),
	tell[saga.StockReservationReleased]("Stock released", nil),

	tell("Payment requested", func(e saga.PaymentRequested) []any {
		return append(called(e.Call), "gateway", e.Gateway, "amount", money(e.Amount))
	}).asDetail(),
	tell("Payment made", func(e saga.PaymentProcessed) []any {
		return []any{"amount", money(e.Amount), "reference", e.Reference, "onlyAuthorized", e.Authorized}
	}),
	tell("Payment refused", func(e saga.PaymentFailed) []any { return []any{"code", e.Code, "capture", e.Capture} }),
	tell("Capture requested", func(e saga.CaptureRequested) []any { return called(e.Call) }).asDetail(),
	tell("Payment captured", func(e saga.PaymentCaptured) []any {
		return []any{"amount", money(e.Amount), "reference", e.Reference}
	}),
	tell("Refund requested", func(e saga.RefundRequested) []any {
		return append(called(e.Call), "amount", money(e.Amount), "void", e.Void)
	}).asDetail(),
	tell("Payment refunded", func(e saga.PaymentRefunded) []any {
		return []any{"amount", money(e.Amount), "reference", e.Reference}
	}),
	tell("Authorisation given back", func(e saga.PaymentVoided) []any { return []any{"reference", e.Reference} }),

	tell("Shipment requested", func(e saga.ShipmentRequested) []any {
		return append(called(e.Call), "carrier", e.Carrier)
	}).asDetail(),
	tell("Shipment created", func(e saga.ShipmentCreated) []any {
		return []any{"reference", e.Reference, "trackingNumber", e.TrackingNumber}
	}),
	tell("Shipment refused", func(e saga.ShipmentFailed) []any { return []any{"code", e.Code} }),
	tell("Cancellation of the shipment requested", func(e saga.ShipmentCancelRequested) []any { return called(e.Call) }).asDetail(),
	tell("Shipment cancelled", func(e saga.ShipmentCancelled) []any { return []any{"reference", e.Reference} }),

	tell("Order waits for something that is not there", func(e saga.StepWaiting) []any {
		return []any{"step", e.Step, "reason", e.Reason, "name", e.Name}
	}),
	tell("A call failed without an effect, and is made again", func(e saga.StepRetryScheduled) []any {
		return []any{"step", operation(e.Step, e.Undo), "try", e.Try, "notBefore", e.NotBefore, "fenced", e.Fenced}
	}),
	tell("Nobody knows whether a call happened: it is looked up", func(e saga.OutcomeUnknown) []any {
		return []any{"step", operation(e.Step, e.Undo), "try", e.Try, "notBefore", e.NotBefore}
	}),
	tell("A person has to decide", func(e saga.AttentionRequired) []any {
		return []any{"step", operation(e.Step, e.Undo), "reason", e.Reason}
	}),
	tell("A person has decided", func(e saga.AttentionResolved) []any {
		return []any{"step", operation(e.Step, e.Undo), "action", e.Action, "actor", e.Actor}
	}),
)

// log tells the event. The id is zero for what is about a product.
func (f *Follower) log(id saga.OrderID, event *eventcore.Event) {
	told, known := words[reflect.TypeOf(event.Payload)]
	if !known { // of a program's own flow
		told = sentence{says: event.Type, values: func(any) []any { return nil }}
	}
	logger := f.logger
	if told.detail {
		logger = logger.V(1)
	}
	if !logger.Enabled() {
		return
	}
	kind, name := "Order", id.String()
	if id == (saga.OrderID{}) {
		kind, name = "Product", productOf(event)
	}
	logger.Info(told.says, append([]any{
		kind, name, "correlationID", event.Metadata.CorrelationID, "position", uint64(event.Position),
	}, told.values(event.Payload)...)...)
}

func productOf(event *eventcore.Event) string {
	if products := saga.ProductsOf(event); len(products) > 0 {
		return products[0].String()
	}
	return ""
}
