// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

const storeID = "store"

var (
	start   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	orderID = saga.OrderID{Namespace: "shop", Name: "order-001"}
	pen     = orderID.Product("pen")
	three   = []saga.StockLine{{Product: "pen", Quantity: 3}}
)

func usd(minor int64) saga.Money { return saga.Money{Currency: "USD", Minor: minor} }

func order(mode string) saga.OrderCreated {
	return saga.OrderCreated{
		UID: "uid-1", Attempt: 1, Lines: []saga.Line{{Product: "pen", Quantity: 3, UnitPrice: usd(500)}}, Total: usd(1500),
		CaptureMode: mode, Deadline: start.Add(time.Hour), FlowVersion: 1,
	}
}

func call(step string, generation, try int) saga.Call {
	return saga.Call{
		Generation: generation, Try: try, Key: fmt.Sprintf("store/shop/order-001/1/%s/%d", step, generation),
		Deadline: start.Add(10 * time.Second),
	}
}

// The events of the logs, as short as the rules need them.
var (
	supplied      = saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 10}}}
	immediate     = order("Immediate")
	onShipment    = order("OnShipment")
	reserved      = saga.StockReserved{Lines: three}
	outOfStock    = saga.StockReservationFailed{Shortages: []saga.Shortage{{Product: "pen", Requested: 3}}}
	released      = saga.StockReservationReleased{Lines: three}
	chargeIntent  = saga.PaymentRequested{Call: call("ProcessPayment", 1, 1), Amount: usd(1500)}
	charged       = saga.PaymentProcessed{Generation: 1, Reference: "ch_1", Amount: usd(1500)}
	authorized    = saga.PaymentProcessed{Generation: 1, Reference: "ch_1", Amount: usd(1500), Authorized: true}
	declined      = saga.PaymentFailed{Generation: 1, Code: "declined"}
	captureIntent = saga.CaptureRequested{Call: call("CapturePayment", 1, 1), Reference: "ch_1", Amount: usd(1500)}
	captured      = saga.PaymentCaptured{Generation: 1, Reference: "ca_1", Amount: usd(1500)}
	refundIntent  = saga.RefundRequested{Call: call("ProcessPayment-undo", 1, 1), Reference: "ch_1", Amount: usd(1500)}
	refunded      = saga.PaymentRefunded{Generation: 1, Reference: "re_1", Amount: usd(1500)}
	voidIntent    = saga.RefundRequested{Call: call("ProcessPayment-undo", 1, 1), Reference: "ch_1", Amount: usd(1500), Void: true}
	voided        = saga.PaymentVoided{Generation: 1, Reference: "ch_1"}
	shipIntent    = saga.ShipmentRequested{Call: call("CreateShipment", 1, 1), Carrier: "default"}
	shipped       = saga.ShipmentCreated{Generation: 1, Reference: "sh_1"}
	shipRefused   = saga.ShipmentFailed{Generation: 1, Code: "address"}
	cancelIntent  = saga.ShipmentCancelRequested{Call: call("CreateShipment-undo", 1, 1), Reference: "sh_1"}
	withdrawn     = saga.ShipmentCancelled{Generation: 1, Reference: "sh_1"}
	completed     = saga.OrderCompleted{Lines: three}
	cancelled     = saga.OrderCancelled{Reason: "PaymentDeclined"}
	turned        = saga.CompensationStarted{Step: saga.CreateShipment, Reason: "ShipmentRefused"}
	suspended     = saga.OrderSuspended{Reason: "Suspended"}
	tooLate       = saga.DeadlineExceeded{Deadline: start.Add(time.Hour)}
	noRefund      = saga.AttentionRequired{Step: saga.ProcessPayment, Undo: true, Reason: "RefundRefused"}
)

func retry(step string, undo, fenced bool) saga.StepRetryScheduled {
	return saga.StepRetryScheduled{Step: step, Undo: undo, Generation: 1, Try: 1, NotBefore: start.Add(time.Minute), Fenced: fenced}
}

func unknownOutcome(step string, undo bool) saga.OutcomeUnknown {
	return saga.OutcomeUnknown{Step: step, Undo: undo, Generation: 1, Try: 1, NotBefore: start.Add(time.Minute)}
}

// The ways that orders take.
var (
	paid       = []any{supplied, immediate, reserved, chargeIntent, charged}
	happy      = slices.Concat(paid, []any{shipIntent, shipped, completed})
	undone     = slices.Concat(paid, []any{shipIntent, shipRefused, turned, refundIntent, refunded, released, cancelled})
	authorised = []any{supplied, onShipment, reserved, chargeIntent, authorized, shipIntent, shipped}
)

// event makes an event of the order, or of the product, at a position.
func event(position int, payload any) *eventcore.Event {
	e := &eventcore.Event{
		Position: eventcore.Position(position), Payload: payload, RecordedAt: start.Add(time.Duration(position) * time.Second),
		Type: strings.TrimPrefix(fmt.Sprintf("%T", payload), "saga."),
		Metadata: eventcore.Metadata{
			CorrelationID: "store/shop/order-001/1", Actor: "service", Causation: eventcore.Position(position - 1),
		},
	}
	if _, ok := payload.(saga.StockSupplied); ok {
		e.Streams = []eventcore.Membership{{Stream: pen.Stream(), Version: eventcore.Version(position)}}
		return e
	}
	e.Streams = []eventcore.Membership{{Stream: orderID.Stream(), Version: eventcore.Version(position - 1)}}
	switch payload.(type) {
	case saga.StockReserved, saga.StockReservationReleased, saga.OrderCompleted:
		e.Streams = append(e.Streams, eventcore.Membership{Stream: pen.Stream(), Version: eventcore.Version(position)})
	}
	return e
}

// changed is a payload of which the whole event is changed.
type changed struct {
	payload any
	change  func(*eventcore.Event)
}

func log(payloads ...any) []*eventcore.Event {
	events := make([]*eventcore.Event, 0, len(payloads))
	for i, payload := range payloads {
		if c, ok := payload.(changed); ok {
			e := event(i+1, c.payload)
			c.change(e)
			events = append(events, e)
			continue
		}
		events = append(events, event(i+1, payload))
	}
	return events
}

func sequence(events []*eventcore.Event) iter.Seq2[*eventcore.Event, error] {
	return func(yield func(*eventcore.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func movements(entries ...verify.Movement) iter.Seq2[verify.Movement, error] {
	return func(yield func(verify.Movement, error) bool) {
		for _, m := range entries {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// check judges the log at rest.
func check(t *testing.T, payloads []any, evidence verify.Evidence) []verify.Violation {
	t.Helper()
	found, err := verify.Check(sequence(log(payloads...)), verify.Options{StoreID: storeID}, evidence)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func rulesOf(found []verify.Violation) []verify.Rule {
	var rules []verify.Rule
	for _, v := range found {
		rules = append(rules, v.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

func move(kind verify.Kind, key string, state verify.State) verify.Movement {
	m := verify.Movement{
		Kind: kind, Key: "store/shop/order-001/1/" + key, Correlation: "store/shop/order-001/1", State: state, Requests: 1,
	}
	if kind != verify.Shipment && kind != verify.Cancellation {
		m.Amount = usd(1500)
	}
	return m
}

var (
	theCharge   = move(verify.Charge, "ProcessPayment/1", verify.Done)
	theShipment = move(verify.Shipment, "CreateShipment/1", verify.Done)
	theRefund   = move(verify.Refund, "ProcessPayment-undo/1", verify.Done)
)
