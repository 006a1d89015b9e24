// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

const (
	toPayment  = "OrderCreated StockReserved PaymentRequested "
	toShipment = toPayment + "PaymentProcessed ShipmentRequested "
	success    = toShipment + "ShipmentCreated OrderCompleted"
	undoStock  = "StockReservationReleased OrderCancelled"
	undoMoney  = "RefundRequested PaymentRefunded " + undoStock
	turnLate   = "DeadlineExceeded CompensationStarted "
)

// scenarios are all ways of an order that are told by their events. The tests about crashes, conflicts and competing
// processes take each of them.
var scenarios = slices.Concat(plainScenarios, captureScenarios, cancelScenarios, suspendScenarios, attentionScenarios)

var plainScenarios = []scenario{
	{name: "everything succeeds, in seven commits", outcome: saga.Completed, charged: 1, history: success},
	{
		name: "there is not enough stock", laptops: 100, outcome: saga.Cancelled, reason: saga.ReasonOutOfStock,
		history: "OrderCreated StockReservationFailed CompensationStarted OrderCancelled",
	},
	{
		name: "the payment is declined", script: map[kind][]fault{charge: {refuse}},
		outcome: saga.Cancelled, reason: saga.ReasonPaymentDeclined,
		history: toPayment + "PaymentFailed CompensationStarted " + undoStock,
	},
	{
		name: "the shipment is refused, and all is undone in reverse", script: map[kind][]fault{ship: {refuse}},
		outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused, charged: 1, refunded: 1,
		history: toShipment + "ShipmentFailed CompensationStarted " + undoMoney,
	},
	{
		name: "the reply to a charge is lost, and a look-up finds it", script: map[kind][]fault{charge: {loseReply}},
		outcome: saga.Completed, charged: 1,
		history: toPayment + "OutcomeUnknown PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
	},
	{
		name: "a charge never arrives, is fenced and made again", script: map[kind][]fault{charge: {loseRequest}},
		outcome: saga.Completed, charged: 1,
		history: toPayment + "OutcomeUnknown StepRetryScheduled " + strings.TrimPrefix(success, "OrderCreated StockReserved "),
	},
	{
		name: "a charge arrives after it was fenced", script: map[kind][]fault{charge: {arriveLate}},
		outcome: saga.Completed, charged: 1,
		history: toPayment + "OutcomeUnknown StepRetryScheduled " + strings.TrimPrefix(success, "OrderCreated StockReserved "),
	},
	{
		name: "the gateway is unavailable twice", script: map[kind][]fault{charge: {unavailable, unavailable}},
		outcome: saga.Completed, charged: 1,
		history: toPayment + "StepRetryScheduled PaymentRequested StepRetryScheduled " +
			strings.TrimPrefix(success, "OrderCreated StockReserved "),
	},
	{
		name: "the gateway is slower than anybody waits", script: map[kind][]fault{charge: {hang}},
		outcome: saga.Completed, charged: 1,
		history: toPayment + "OutcomeUnknown PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
	},
	{
		name: "the reply to a shipment is lost", script: map[kind][]fault{ship: {loseReply}},
		outcome: saga.Completed, charged: 1, history: toShipment + "OutcomeUnknown ShipmentCreated OrderCompleted",
	},
	{
		name:    "refunds are lost in every way",
		script:  map[kind][]fault{ship: {refuse}, refund: {unavailable, loseRequest, loseReply}},
		outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused, charged: 1, refunded: 1,
		history: toShipment + "ShipmentFailed CompensationStarted RefundRequested StepRetryScheduled " +
			"RefundRequested OutcomeUnknown StepRetryScheduled RefundRequested OutcomeUnknown PaymentRefunded " + undoStock,
	},
	{
		name: "the refund is refused: a person has to decide", script: map[kind][]fault{ship: {refuse}, refund: {refuse}},
		charged: 1, reason: saga.ReasonShipmentRefused, attention: saga.ReasonRefundRefused,
		history: toShipment + "ShipmentFailed CompensationStarted RefundRequested AttentionRequired",
	},
	{
		name: "the deadline passes while a charge is under way, which has happened", script: map[kind][]fault{charge: {hang}},
		deadline: 5 * time.Second, outcome: saga.Cancelled, reason: saga.ReasonDeadlineExceeded, charged: 1, refunded: 1,
		history: toPayment + turnLate + "OutcomeUnknown PaymentProcessed " + undoMoney,
	},
	{
		name:     "the deadline passes while a charge is under way, which never arrives",
		script:   map[kind][]fault{charge: {loseRequest}},
		deadline: 5 * time.Second, outcome: saga.Cancelled, reason: saga.ReasonDeadlineExceeded,
		history: toPayment + turnLate + "OutcomeUnknown StepRetryScheduled " + undoStock,
	},
	{
		name: "the deadline passes while a shipment is under way", script: map[kind][]fault{ship: {hang}},
		deadline: 5 * time.Second, outcome: saga.Cancelled, reason: saga.ReasonDeadlineExceeded, charged: 1, refunded: 1,
		history: toShipment + turnLate +
			"OutcomeUnknown ShipmentCreated ShipmentCancelRequested ShipmentCancelled " + undoMoney,
	},
	{
		name:     "the shipment's cancellation is refused: a person has to decide",
		script:   map[kind][]fault{ship: {hang}, withdraw: {refuse}},
		deadline: 5 * time.Second, charged: 1, reason: saga.ReasonDeadlineExceeded, attention: saga.ReasonCancelRefused,
		history: toShipment + turnLate + "OutcomeUnknown ShipmentCreated ShipmentCancelRequested AttentionRequired",
	},
}

func TestAnOrderTakesExactlyThisWayIf(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, s.book())
				p := s.begin(w)
				s.rest(w)
				s.check(w)
				if got := strings.Join(w.history(orderID), " "); got != s.history {
					t.Errorf("took the way\n%s, want\n%s", got, s.history)
				}
				folded := w.fold(orderID)
				if folded.Captured().Minor != int64(s.charged)*total.Minor || folded.Refunded.Minor != int64(s.refunded)*total.Minor {
					t.Errorf("charged %v, refunded %v", folded.Captured(), folded.Refunded)
				}
				if err := p.stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAnOrderThatSucceedsCostsSevenCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(nil))
		p := w.start()
		w.await(orderID, ended)
		if commits := w.commits.Load(); commits != 7 {
			t.Errorf("%d commits of %v", commits, w.history(orderID))
		}
		_ = p.stop()
	})
}

func TestARequestThatArrivesAfterTheFenceIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{charge: {arriveLate}}))
		p := w.start()
		w.await(orderID, ended)
		time.Sleep(2 * time.Minute)
		prefix := storeID.String() + "/shop/order-001/1/ProcessPayment/"
		if late := w.book.clone().entries[prefix+"1"]; late.state != "fenced" || late.requests != 1 {
			t.Errorf("the late request: %+v", late)
		}
		if again := w.book.clone().entries[prefix+"2"]; again.state != "done" || again.requests != 1 {
			t.Errorf("the next generation: %+v", again)
		}
		_ = p.stop()
	})
}

func TestARetrySendsTheSameKeyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{charge: {unavailable, unavailable}}))
		p := w.start()
		w.await(orderID, ended)
		var sent []saga.Call
		for _, event := range w.events(orderID.Stream()) {
			if requested, ok := event.Payload.(saga.PaymentRequested); ok {
				sent = append(sent, requested.Call)
			}
		}
		for i, call := range sent {
			if call.Key != sent[0].Key || call.Generation != 1 || call.Try != i+1 {
				t.Errorf("try %d: %+v", i+1, call)
			}
		}
		if len(sent) != 3 {
			t.Errorf("%d tries", len(sent))
		}
		_ = p.stop()
	})
}

func TestASettledOrderCausesNoAppendAndNoCall(t *testing.T) {
	for _, s := range []scenario{scenarios[0], scenarios[3], scenarios[11]} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, newBook(s.script))
			p := s.begin(w)
			w.await(orderID, ended)
			synctest.Wait()
			appends, asked := w.appends.Load(), w.book.clone().asked
			for range 3 {
				time.Sleep(time.Hour) // sweeps
				if _, err := p.Step(t.Context(), orderID); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
			if got := w.appends.Load(); got != appends {
				t.Errorf("%s: %d appends after the end", s.name, got-appends)
			}
			for _, k := range []kind{charge, refund, ship, withdraw} {
				if got := w.book.clone().asked[k]; got != asked[k] {
					t.Errorf("%s: %d calls to %s after the end", s.name, got-asked[k], k)
				}
			}
			_ = p.stop()
		})
	}
}

func TestEventsSayWhoDecidedThemAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newBook(map[kind][]fault{ship: {refuse}}))
		p := w.start()
		w.await(orderID, ended)
		actors := map[string]string{
			"Order": "order", "Compensation": "order", "Stock": "inventory", "Payment": "payment", "Refund": "payment", "Shipment": "shipping",
		}
		for i, event := range w.events(orderID.Stream()) {
			if want := storeID.String() + "/shop/order-001/1"; event.Metadata.CorrelationID != want {
				t.Errorf("%s has the correlation id %q, want %q", event.Type, event.Metadata.CorrelationID, want)
			}
			if i > 0 && event.Metadata.Causation == 0 {
				t.Errorf("%s has no cause", event.Type)
			}
			for prefix, actor := range actors {
				if strings.HasPrefix(event.Type, prefix) && event.Metadata.Actor != actor {
					t.Errorf("%s was decided by %q", event.Type, event.Metadata.Actor)
				}
			}
			if !slices.ContainsFunc(event.Streams, isAggregate) {
				t.Errorf("%s is in no aggregate", event.Type)
			}
		}
		_ = p.stop()
	})
}

func isAggregate(m eventcore.Membership) bool {
	return slices.Contains(saga.AggregateStreams(), m.Stream)
}
