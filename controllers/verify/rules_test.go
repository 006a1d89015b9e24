// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

func payments(payload saga.PaymentRequested, change func(*saga.PaymentRequested)) saga.PaymentRequested {
	change(&payload)
	return payload
}

func refundOf(change func(*saga.RefundRequested)) saga.RefundRequested {
	payload := refundIntent
	change(&payload)
	return payload
}

// secondCharge is the intent of another generation.
var secondCharge = payments(chargeIntent, func(p *saga.PaymentRequested) { p.Call = call("ProcessPayment", 2, 1) })

var fewer = []saga.StockLine{{Product: "pen", Quantity: 2}}

// part is a refund of a part, and restOf the intent of the rest.
func part(reference string, generation int, minor int64) saga.PaymentRefunded {
	return saga.PaymentRefunded{Generation: generation, Reference: reference, Amount: usd(minor)}
}

func restOf(generation int) saga.RefundRequested {
	return refundOf(func(p *saga.RefundRequested) {
		p.Call, p.Amount = call("ProcessPayment-undo", generation, 1), usd(1000)
	})
}

// offence is a minimal log that breaks a rule.
type offence struct {
	rule     verify.Rule
	name     string
	log      []any
	evidence verify.Evidence
}

func with(log []any, payloads ...any) []any { return slices.Concat(log, payloads) }

var turnedRound = with(paid, shipIntent, shipRefused, turned)

// madeByHand is an order whose refund was refused, and made by a person.
var madeByHand = with(turnedRound, refundIntent, noRefund, saga.AttentionResolved{
	Attention: 10, Step: saga.ProcessPayment, Undo: true, Action: saga.ResolveSkip, Reason: "by bank transfer", Actor: "ada",
})

// secondAttempt is an order that was undone and is tried again.
var secondAttempt = with(undone, changed{func() any {
	again := immediate
	again.Attempt = 2
	return again
}(), func(e *eventcore.Event) { e.Metadata.CorrelationID = "store/shop/order-001/2" }})

var offences = []offence{
	{rule: verify.Attributed, name: "an event of the first attempt in the second", log: with(secondAttempt, suspended)},
	{rule: verify.LogInOrder, name: "an event out of order", log: with(paid, changed{shipIntent, func(e *eventcore.Event) { e.Position = 2 }})},
	{rule: verify.LogInOrder, name: "no OrderCreated", log: []any{supplied, reserved}},
	{rule: verify.LogInOrder, name: "an attempt while the one before is open", log: with(paid, func() saga.OrderCreated {
		again := immediate
		again.Attempt = 2
		return again
	}())},
	{rule: verify.Attributed, name: "no actor", log: with(paid, changed{shipIntent, func(e *eventcore.Event) { e.Metadata.Actor = "" }})},
	{rule: verify.Attributed, name: "no cause", log: with(paid, changed{shipIntent, func(e *eventcore.Event) { e.Metadata.Causation = 0 }})},
	{
		rule: verify.Attributed, name: "another order's correlation",
		log: with(paid, changed{shipIntent, func(e *eventcore.Event) { e.Metadata.CorrelationID = "store/shop/other/1" }}),
	},
	{rule: verify.Attributed, name: "a supply of another store", log: []any{changed{supplied, func(e *eventcore.Event) { e.Metadata.CorrelationID = "other/shop/pen" }}}},
	{
		rule: verify.KeyNamesStore, name: "a key without the store",
		log: []any{supplied, immediate, reserved, payments(chargeIntent, func(p *saga.PaymentRequested) { p.Call.Key = "shop/order-001/1/ProcessPayment/1" })},
	},
	{
		rule: verify.KeyPerGeneration, name: "another key for the second try",
		log: []any{supplied, immediate, reserved, chargeIntent, retry("ProcessPayment", false, false), payments(chargeIntent, func(p *saga.PaymentRequested) {
			p.Call.Try, p.Call.Key = 2, p.Call.Key+"x"
		})},
	},
	{
		rule: verify.KeyPerGeneration, name: "the same key for another generation",
		log: []any{supplied, immediate, reserved, chargeIntent, retry("ProcessPayment", false, true), payments(secondCharge, func(p *saga.PaymentRequested) {
			p.Call.Key = chargeIntent.Call.Key
		})},
	},
	{
		rule: verify.GenerationClosed, name: "begun anew after an unknown outcome",
		log: []any{supplied, immediate, reserved, chargeIntent, unknownOutcome("ProcessPayment", false), secondCharge},
	},
	{
		rule: verify.GenerationClosed, name: "a fenced generation is tried again",
		log: []any{supplied, immediate, reserved, chargeIntent, retry("ProcessPayment", false, true), payments(chargeIntent, func(p *saga.PaymentRequested) { p.Call.Try = 2 })},
	},
	{
		rule: verify.OneTryPerIntent, name: "two tries at once",
		log: []any{supplied, immediate, reserved, chargeIntent, payments(chargeIntent, func(p *saga.PaymentRequested) { p.Call.Try = 2 })},
	},
	{
		rule: verify.OneTryPerIntent, name: "a second try while the first is unknown",
		log: []any{
			supplied, immediate, reserved, chargeIntent, unknownOutcome("ProcessPayment", false),
			payments(chargeIntent, func(p *saga.PaymentRequested) { p.Call.Try = 2 }),
		},
	},
	{
		rule: verify.OneTryPerIntent, name: "asked twice for one intent", log: happy,
		evidence: verify.Evidence{Movements: movements(func() verify.Movement {
			m := theCharge
			m.Requests = 2
			return m
		}(), theShipment)},
	},
	{rule: verify.IntentBeforeOutcome, name: "a charge out of nothing", log: []any{supplied, immediate, reserved, charged}},
	{rule: verify.IntentBeforeOutcome, name: "an outcome twice", log: with(paid, declined)},
	{rule: verify.IntentBeforeOutcome, name: "a remark about no call", log: []any{supplied, immediate, reserved, unknownOutcome("ProcessPayment", false)}},
	{
		rule: verify.IntentBeforeOutcome, name: "the provider knows a key that nobody announced", log: []any{supplied, immediate, reserved},
		evidence: verify.Evidence{Movements: movements(move(verify.Charge, "ProcessPayment/1", verify.Refused))},
	},
	{rule: verify.PredecessorFirst, name: "payment before stock", log: []any{supplied, immediate, chargeIntent}},
	{rule: verify.PredecessorFirst, name: "shipment before payment", log: []any{supplied, immediate, reserved, shipIntent}},
	{rule: verify.PredecessorFirst, name: "capture before shipment", log: []any{supplied, onShipment, reserved, chargeIntent, authorized, captureIntent}},
	{rule: verify.NoForwardAfterTurn, name: "a shipment after the turn", log: with(paid, tooLate, turned, shipIntent)},
	{rule: verify.NoForwardAfterTurn, name: "a shipment after the deadline", log: with(paid, tooLate, shipIntent)},
	{rule: verify.NoForwardAfterTurn, name: "a shipment after a cancellation", log: with(paid, saga.OrderCancellationRequested{Reason: "CancelledByUser"}, shipIntent)},
	{rule: verify.NoForwardAfterTurn, name: "a shipment while suspended", log: with(paid, suspended, shipIntent)},
	{rule: verify.NoForwardAfterTurn, name: "a shipment while a person is asked", log: with(paid, saga.AttentionRequired{Step: "CreateShipment", Reason: "x"}, shipIntent)},
	{rule: verify.TurnBeforeUndo, name: "a refund out of the blue", log: with(paid, refundIntent)},
	{rule: verify.TurnBeforeUndo, name: "cancelled without a turn", log: []any{supplied, immediate, cancelled}},
	{rule: verify.CompensateOnlyDone, name: "a refund of nothing", log: []any{supplied, immediate, reserved, chargeIntent, declined, turned, refundIntent}},
	{rule: verify.CompensateOnlyDone, name: "a void of a charge", log: with(turnedRound, voidIntent)},
	{rule: verify.CompensateOnlyDone, name: "a release of nothing", log: []any{supplied, immediate, outOfStock, turned, released}},
	{rule: verify.CompensateOnlyDone, name: "a cancellation of no shipment", log: with(turnedRound, cancelIntent)},
	{rule: verify.CompensateInReverse, name: "released before refunded", log: with(turnedRound, released)},
	{rule: verify.CompensateInReverse, name: "refunded before the shipment is cancelled", log: with(paid, shipIntent, shipped, tooLate, turned, refundIntent)},
	{rule: verify.CompensateInReverse, name: "refunded while the shipment is unknown", log: with(paid, shipIntent, tooLate, turned, refundIntent)},
	{rule: verify.CompensateInReverse, name: "voided before the shipment is cancelled", log: with(authorised, tooLate, turned, voidIntent)},
	{
		rule: verify.CompensateInReverse, name: "the shipment is cancelled before the capture is refunded",
		log: with(authorised, captureIntent, captured, tooLate, turned, cancelIntent),
	},
	{rule: verify.ReservedOnce, name: "reserved twice", log: []any{supplied, immediate, reserved, reserved}},
	{rule: verify.ChargedOnce, name: "charged twice by the events", log: with(paid, secondCharge, func() any {
		again := charged
		again.Generation = 2
		return again
	}())},
	{
		rule: verify.ChargedOnce, name: "charged twice by the ledger", log: happy,
		evidence: verify.Evidence{Movements: movements(theCharge, move(verify.Charge, "ProcessPayment/2", verify.Done), theShipment)},
	},
	{rule: verify.ChargedOnce, name: "captured twice", log: with(authorised, captureIntent, captured, captured)},
	{rule: verify.ShippedOnce, name: "two shipments", log: with(paid, shipIntent, shipped, saga.ShipmentRequested{Call: call("CreateShipment", 2, 1)})},
	{
		rule: verify.ShippedOnce, name: "two shipments by the ledger", log: happy,
		evidence: verify.Evidence{Movements: movements(theCharge, theShipment, move(verify.Shipment, "CreateShipment/2", verify.Done))},
	},
	{
		rule: verify.AmountAgreed, name: "charged too much",
		log: []any{supplied, immediate, reserved, chargeIntent, saga.PaymentProcessed{Generation: 1, Amount: usd(1501)}},
	},
	{rule: verify.RefundWithinCharge, name: "refunded twice", log: with(turnedRound, refundIntent, refunded, refundOf(func(p *saga.RefundRequested) {
		p.Call = call("ProcessPayment-undo", 2, 1)
	}))},
	{rule: verify.RefundWithinCharge, name: "refunded too much", log: with(turnedRound, refundOf(func(p *saga.RefundRequested) { p.Amount = usd(1501) }))},
	{
		rule: verify.RefundWithinCharge, name: "refunded twice by the ledger", log: undone,
		evidence: verify.Evidence{Movements: movements(theCharge, theRefund, move(verify.Refund, "ProcessPayment-undo/2", verify.Done))},
	},
	{rule: verify.EndsOnce, name: "completed twice", log: with(happy, completed)},
	{rule: verify.EndsOnce, name: "a payment after the end", log: with(undone, secondCharge)},
	{rule: verify.EndsOnce, name: "an answer to another question", log: with(turnedRound, refundIntent, noRefund, saga.AttentionResolved{
		Attention: 3, Step: saga.ProcessPayment, Undo: true, Action: saga.ResolveSkip, Reason: "r", Actor: "a",
	})},
	{rule: verify.PaidBeforeRelease, name: "completed unpaid", log: []any{supplied, immediate, reserved, completed}},
	{rule: verify.PaidBeforeRelease, name: "completed with the money only set aside", log: with(authorised, completed)},
	{rule: verify.StockReleased, name: "cancelled without a release", log: with(turnedRound, refundIntent, refunded, cancelled)},
	{rule: verify.MoneyReturned, name: "cancelled without a refund", log: with(turnedRound, cancelled)},
	{rule: verify.AuthorizationClosed, name: "cancelled without a void", log: with(authorised, tooLate, turned, cancelIntent, withdrawn, cancelled)},
	{rule: verify.ShipmentWithdrawn, name: "cancelled with a shipment", log: with(paid, shipIntent, shipped, tooLate, turned, cancelled)},
	{rule: verify.CallsClosed, name: "cancelled while a charge is under way", log: []any{supplied, immediate, reserved, chargeIntent, tooLate, turned, cancelled}},
	{rule: verify.ReservationOfOrder, name: "other goods reserved", log: []any{supplied, immediate, saga.StockReserved{Lines: fewer}}},
	{rule: verify.StockNeverNegative, name: "released twice", log: with(turnedRound, released, released)},
	{rule: verify.NotOversold, name: "reserved more than there is", log: []any{immediate, reserved}},
	{rule: verify.SupplyOnlyGrows, name: "a source that shrinks", log: []any{supplied, saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 9}}}}},
	{
		rule: verify.NoStranger, name: "a charge for nobody", log: []any{supplied},
		evidence: verify.Evidence{Movements: movements(theCharge)},
	},
	{rule: verify.PositionMonotone, name: "a status ahead of the log", log: happy, evidence: statusAt(99, "Completed", "15.00")},
	{rule: verify.StatusIsFold, name: "a status that says something else", log: happy, evidence: statusAt(8, "Cancelled", "15.00")},
	{rule: verify.StatusIsFold, name: "a status behind at rest", log: happy, evidence: statusAt(7, "", "15.00")},
	{
		rule: verify.StatusIsFold, name: "a product that leaks a unit", log: happy,
		evidence: verify.Evidence{Products: map[saga.ProductID]*verify.ProductStatus{pen: {Available: new(int64(6))}}},
	},
	{
		rule: verify.MoneySettled, name: "the refund never reached the provider", log: undone,
		evidence: verify.Evidence{Movements: movements(theCharge)},
	},
	{
		rule: verify.GoodsSettled, name: "no shipment at the carrier", log: happy,
		evidence: verify.Evidence{Movements: movements(theCharge)},
	},
	{
		rule: verify.LedgerRecorded, name: "a charge that no event knows", log: []any{supplied, immediate, reserved, chargeIntent},
		evidence: verify.Evidence{Movements: movements(theCharge)},
	},
	{
		rule: verify.MoneyReturned, name: "a refund that counts twice", log: with(turnedRound, refundIntent, part("re_1", 1, 500),
			restOf(2), part("re_1", 2, 500), restOf(3), part("re_1", 3, 500), released, cancelled),
	},
	{
		rule: verify.LedgerRecorded, name: "a shipment that no event knows, beside a refund that a person answers for", log: madeByHand,
		evidence: verify.Evidence{Movements: movements(theCharge, theShipment)},
	},
	{
		rule: verify.MoneySettled, name: "more given back than a person answers for", log: with(madeByHand, released, cancelled),
		evidence: verify.Evidence{Movements: movements(theCharge, theRefund, move(verify.Refund, "ProcessPayment-undo/2", verify.Done))},
	},
	{
		rule: verify.FenceHolds, name: "a fenced charge that happened", log: []any{supplied, immediate, reserved, chargeIntent, retry("ProcessPayment", false, true)},
		evidence: verify.Evidence{Movements: movements(theCharge)},
	},
	{rule: verify.ReservationsBalance, name: "a release of part", log: with(turnedRound, saga.StockReservationReleased{Lines: fewer})},
	{
		rule: verify.NothingStuck, name: "nothing happens", log: paid,
		evidence: verify.Evidence{Now: start.Add(time.Hour), Grace: time.Minute},
	},
	{
		rule: verify.NothingStuck, name: "a look-up that nobody makes", log: []any{supplied, immediate, reserved, chargeIntent},
		evidence: verify.Evidence{Now: start.Add(10 * time.Minute), Grace: time.Minute},
	},
}

func statusAt(position eventcore.Position, outcome, charged string) verify.Evidence {
	return verify.Evidence{Orders: map[saga.OrderID]*verify.OrderStatus{
		orderID: {UID: "uid-1", Outcome: &outcome, Charged: &charged, Position: &position},
	}}
}

func TestEveryRuleIsBrokenByAMinimalLogAndFoundByName(t *testing.T) {
	broken := map[verify.Rule]bool{}
	for _, o := range offences {
		broken[o.rule] = true
		t.Run(string(o.rule)+": "+o.name, func(t *testing.T) {
			found := check(t, o.log, o.evidence)
			i := slices.IndexFunc(found, func(v verify.Violation) bool { return v.Rule == o.rule })
			if i < 0 {
				t.Fatalf("found %v", found)
			}
			if v := found[i]; v.Explanation == "" || strings.Contains(v.Explanation, "%!") || v.Subject() == "" && o.rule != verify.NoStranger && o.rule != verify.LogInOrder {
				t.Errorf("explained as %+v", v)
			}
		})
	}
	for _, rule := range slices.Concat(verify.Always(), verify.AtRest()) {
		if !broken[rule] {
			t.Errorf("no log breaks %s", rule)
		}
	}
}

func TestLegalLogsBreakNoRule(t *testing.T) {
	position, outcome, money := eventcore.Position(8), "Completed", "15.00"
	legal := []offence{
		{name: "an order that succeeds", log: happy, evidence: verify.Evidence{
			Movements: movements(theCharge, theShipment), Now: start.AddDate(1, 0, 0), Grace: time.Minute,
			Orders: map[saga.OrderID]*verify.OrderStatus{orderID: {UID: "uid-1", Outcome: &outcome, Charged: &money, Position: &position}},
		}},
		{name: "an order that is undone", log: undone, evidence: verify.Evidence{Movements: movements(theCharge, theRefund)}},
		{name: "capture on shipment", log: with(authorised, captureIntent, captured, completed)},
		{name: "a refused capture", log: with(authorised, captureIntent, saga.PaymentFailed{Generation: 1, Capture: true}, turned,
			cancelIntent, withdrawn, voidIntent, voided, released, cancelled)},
		{name: "a capture that is refunded first", log: with(authorised, captureIntent, captured, tooLate, turned,
			refundIntent, refunded, cancelIntent, withdrawn, released, cancelled)},
		{name: "a charge that another process tries again before it is fenced", log: []any{
			supplied, immediate, reserved, chargeIntent, retry("ProcessPayment", false, false),
			saga.PaymentRequested{Call: call("ProcessPayment", 1, 2), Amount: usd(1500)}, retry("ProcessPayment", false, true), secondCharge,
		}},
		{name: "a charge that is fenced and made again", log: []any{
			supplied, immediate, reserved, chargeIntent, unknownOutcome("ProcessPayment", false), retry("ProcessPayment", false, true), secondCharge,
		}},
		{name: "a refund that a person answers for, and the provider has made", log: with(madeByHand, released, cancelled),
			evidence: verify.Evidence{Movements: movements(theCharge, theRefund)}},
		{name: "a refund that a person answers for", log: with(madeByHand, released, cancelled), evidence: verify.Evidence{Movements: movements(theCharge, move(verify.Refund, "ProcessPayment-undo/1", verify.Refused))}},
		{name: "goods dispatched before they could be called back", log: with(paid, shipIntent, shipped, tooLate, turned, cancelIntent,
			saga.OrderShipped{Reference: "sh_1"}, completed)},
		{name: "goods dispatched while a person is asked about their cancellation", log: with(paid, shipIntent, shipped, tooLate, turned,
			cancelIntent, unknownOutcome("CreateShipment", true),
			saga.AttentionRequired{Step: saga.CreateShipment, Undo: true, Reason: "OutcomeUnknown", NotBefore: start.Add(time.Hour)},
			saga.OrderShipped{Reference: "sh_1"}, completed)},
		{name: "an order that waits within its deadline", log: []any{immediate, saga.StepWaiting{Step: saga.ReserveStock}},
			evidence: verify.Evidence{Now: start.Add(time.Hour), Grace: time.Minute}},
		{name: "a refund that is told of under two keys", log: with(turnedRound, refundIntent, part("re_1", 1, 500),
			restOf(2), part("re_1", 2, 500), restOf(3), part("re_2", 3, 1000), released, cancelled)},
		{name: "an order that is suspended from the start",
			log:      []any{supplied, immediate, changed{suspended, func(e *eventcore.Event) { e.Metadata.Causation = 0 }}},
			evidence: verify.Evidence{Now: start.Add(30 * time.Minute), Grace: time.Minute}},
		{name: "an order that is suspended before another try of its charge",
			log:      []any{supplied, immediate, reserved, chargeIntent, retry("ProcessPayment", false, false), suspended},
			evidence: verify.Evidence{Now: start.Add(30 * time.Minute), Grace: time.Minute}},
		{name: "a second attempt", log: secondAttempt},
		{name: "a charge of the first attempt that comes to light in the second", log: with(secondAttempt, saga.AttentionRequired{
			Step: saga.ProcessPayment, Reason: saga.ReasonHappenedTwice,
		})},
	}
	for _, l := range legal {
		t.Run(l.name, func(t *testing.T) {
			if found := check(t, l.log, l.evidence); len(found) > 0 {
				t.Errorf("found %v", found)
			}
		})
	}
}
