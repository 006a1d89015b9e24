// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger"
	orderengine "github.com/eventcore/order-operator/controllers/order/engine"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// simulated is what the services find outside in the tests with the simulated providers. Its token is every order's.
type simulated struct {
	payments  payment.Provider
	shipments shipping.Provider
	token     string
}

type simulatedCarriers struct{ *simulated }

func (s *simulated) Provider(string) (payment.Provider, bool)         { return s.payments, true }
func (s simulatedCarriers) Provider(string) (shipping.Provider, bool) { return s.shipments, true }
func (s *simulated) Token(context.Context, saga.OrderID, func(string) bool) (string, bool, error) {
	return s.token, true, nil
}

// simulate runs a process with the simulated providers, whose ledger it returns.
func simulate(t *testing.T, token string) (*world, *process, *ledger.Ledger) {
	t.Helper()
	book, err := ledger.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = book.Close() })
	outside := &simulated{
		payments:  simulatedpayment.New(book, simulatedpayment.Options{}),
		shipments: simulatedshipping.New(book, simulatedshipping.Options{}),
		token:     token,
	}
	w := &world{t: t, store: memory.New(memory.Options{StoreID: storeID})}
	p := &process{world: w, ended: make(chan error, 1)}
	p.Runner, err = runner.New(t.Context(), w.store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: outside, Carriers: simulatedCarriers{outside}, Tokens: outside,
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.cancel = cancel
	go func() { p.ended <- p.Run(ctx) }()
	return w, p, book
}

func TestTheSeedsThreeExamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, book := simulate(t, "sim_approve")
		keyboard := orderID.Product("keyboard-001")
		for product, units := range map[saga.ProductID]int64{laptop: 10, mouse: 50, keyboard: 30} {
			p.supply(product, units)
		}
		balance := func(id saga.OrderID) ledger.Balance {
			t.Helper()
			balances, err := ledger.Balances(t.Context(), book)
			if err != nil {
				t.Fatal(err)
			}
			return balances[saga.CorrelationID(storeID.String(), w.fold(id))]
		}
		available := func(laptops, mice, keyboards int64) {
			t.Helper()
			for product, want := range map[saga.ProductID]int64{laptop: laptops, mouse: mice, keyboard: keyboards} {
				if stock := w.stock(product); stock.Available() != want || stock.Reserved != 0 {
					t.Errorf("%s: %+v, want %d available", product.Name, stock, want)
				}
			}
		}

		p.accept(orderID, order("uid-1"))
		w.await(orderID, ended)
		if got := strings.Join(w.history(orderID), " "); got != success {
			t.Errorf("example 1 took the way %s", got)
		}
		if got := balance(orderID); got.Charged != total || got.Refunded.Minor != 0 || got.Shipments != 1 || got.Cancelled != 0 {
			t.Errorf("example 1: %+v", got)
		}
		available(9, 48, 30)

		second := saga.OrderID{Namespace: "shop", Name: "order-002"}
		hundred := order("uid-2")
		hundred.Customer.ID = "cust-456"
		hundred.Lines = []saga.Line{{Product: laptop.Name, Quantity: 100, UnitPrice: saga.Money{Currency: "USD", Minor: 100_000}}}
		hundred.Total.Minor = 10_000_000
		p.accept(second, hundred)
		w.await(second, ended)
		if folded := w.fold(second); folded.Outcome != saga.Cancelled || folded.Reason != saga.ReasonOutOfStock {
			t.Errorf("example 2 ended %s for %s", folded.Outcome, folded.Reason)
		}
		if got := balance(second); got != (ledger.Balance{}) {
			t.Errorf("example 2: %+v", got)
		}
		available(9, 48, 30)

		p.accept(orderID, order("uid-1"))
		p.accept(orderID, order("uid-3")) // deleted and created again
		synctest.Wait()
		if got := balance(orderID); got.Charged != total || got.Shipments != 1 {
			t.Errorf("example 3: %+v", got)
		}
		other := order("uid-4")
		other.Lines = other.Lines[:1]
		other.Total.Minor = 120_000
		var taken *orderengine.NameTakenError
		if err := p.Order.Accept(t.Context(), orderID, other); !errors.As(err, &taken) || taken.Different[0] != "spec.items" {
			t.Errorf("example 3b: %v", err)
		}
		available(9, 48, 30)
		_ = p.stop()
	})
}

func TestEverySimulatedTokenDoesWhatItSays(t *testing.T) {
	if ledger.CodeKeyCancelled != calls.CodeFenced {
		t.Errorf("a fenced key is refused with %q, not %q", ledger.CodeKeyCancelled, calls.CodeFenced)
	}
	for token, want := range map[string]string{
		"sim_approve":            success,
		"sim_decline":            toPayment + "PaymentFailed CompensationStarted " + undoStock,
		"sim_insufficient_funds": toPayment + "PaymentFailed CompensationStarted " + undoStock,
		"sim_unheard_of":         toPayment + "PaymentFailed CompensationStarted " + undoStock,
		"sim_lost_reply":         toPayment + "OutcomeUnknown PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
		"sim_slow_60":            toPayment + "OutcomeUnknown PaymentProcessed ShipmentRequested ShipmentCreated OrderCompleted",
		"sim_slow_3":             success,
		"sim_fail_1":             toPayment + "StepRetryScheduled " + strings.TrimPrefix(success, "OrderCreated StockReserved "),
	} {
		t.Run(token, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, p, book := simulate(t, token)
				p.supply(laptop, 10)
				p.supply(mouse, 50)
				p.accept(orderID, order("uid-1"))
				w.await(orderID, ended)
				if got := strings.Join(w.history(orderID), " "); got != want {
					t.Errorf("took the way\n%s, want\n%s", got, want)
				}
				for entry, err := range book.Entries(t.Context()) {
					if err != nil || entry.Kind == ledger.Charge && entry.Requests > 1 {
						t.Errorf("%+v (%v)", entry, err)
					}
				}
				_ = p.stop()
			})
		})
	}
}

func TestEverySimulatedTroubleAfterTheChargeDoesWhatItSays(t *testing.T) {
	authorised := toShipment + "ShipmentCreated CaptureRequested "
	for _, test := range []struct {
		token, name, capture, want string
	}{
		{"sim_approve", "", saga.CaptureOnShipment, authorised + "PaymentCaptured OrderCompleted"},
		{
			"sim_capture_refused", "", saga.CaptureOnShipment,
			authorised + "PaymentFailed CompensationStarted " + undoLabel + undoHeld,
		},
		{"sim_capture_lost", "", saga.CaptureOnShipment, authorised + "OutcomeUnknown PaymentCaptured OrderCompleted"},
		{
			"sim_void_lost", "SIM REFUSE", saga.CaptureOnShipment,
			toShipment + "ShipmentFailed CompensationStarted RefundRequested OutcomeUnknown PaymentVoided " + undoStock,
		},
		{
			"sim_void_refused", "SIM REFUSE", saga.CaptureOnShipment,
			toShipment + "ShipmentFailed CompensationStarted RefundRequested AttentionRequired",
		},
		{
			"sim_refund_refused", "SIM REFUSE", saga.CaptureImmediate,
			toShipment + "ShipmentFailed CompensationStarted RefundRequested AttentionRequired",
		},
		{
			"sim_refund_lost", "SIM REFUSE", saga.CaptureImmediate,
			toShipment + "ShipmentFailed CompensationStarted RefundRequested OutcomeUnknown PaymentRefunded " + undoStock,
		},
		{
			"sim_capture_refused", "SIM DISPATCHED", saga.CaptureOnShipment,
			authorised + "PaymentFailed CompensationStarted ShipmentCancelRequested OrderShipped AttentionRequired",
		},
		{
			"sim_capture_refused", "SIM CANCEL REFUSED", saga.CaptureOnShipment,
			authorised + "PaymentFailed CompensationStarted ShipmentCancelRequested AttentionRequired",
		},
		{
			"sim_capture_refused", "SIM CANCEL LOST", saga.CaptureOnShipment,
			authorised + "PaymentFailed CompensationStarted ShipmentCancelRequested OutcomeUnknown ShipmentCancelled " + undoHeld,
		},
	} {
		t.Run(test.token+", "+test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, p, _ := simulate(t, test.token)
				p.supply(laptop, 10)
				p.supply(mouse, 50)
				content := order("uid-1")
				content.CaptureMode, content.Address.Name = test.capture, test.name
				p.accept(orderID, content)
				w.await(orderID, ended)
				if got := strings.Join(w.history(orderID), " "); got != test.want {
					t.Errorf("took the way\n%s, want\n%s", got, test.want)
				}
				_ = p.stop()
			})
		})
	}
}
