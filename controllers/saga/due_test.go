// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"slices"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

// due lists everything that anybody may do with the order now.
func due(order saga.Order, now time.Time) []string {
	var moves []string
	for _, step := range saga.CurrentFlow().Steps {
		for move, holds := range map[string]bool{
			"take ":       order.Forward(step.Name, now),
			"undo ":       order.Undo(step.Name, now),
			"close ":      order.Close(step.Name, false, now),
			"close undo ": order.Close(step.Name, true, now),
		} {
			if holds {
				moves = append(moves, move+step.Name)
			}
		}
	}
	if turn, ok := order.Turn(now); ok {
		moves = append(moves, "turn: "+turn.Reason)
	}
	if order.Completable() {
		moves = append(moves, "complete")
	}
	if order.Cancellable() {
		moves = append(moves, "cancel")
	}
	if attention, ok := order.Unpaid(); ok {
		moves = append(moves, "attention: "+attention.Reason)
	}
	slices.Sort(moves)
	return moves
}

var (
	toPayment  = []any{created, reserved}
	toShipment = []any{created, reserved, requested(1), paid}
	toRefund   = []any{created, reserved, requested(1), paid, shipmentRequested(), refused, compensated}
	toTheEnd   = []any{created, reserved, requested(1), paid, shipmentRequested(), shipped}
)

func TestExactlyTheseMovesAreDue(t *testing.T) {
	const soon, late, deadline = 5 * time.Second, 10 * time.Second, time.Hour
	for _, test := range []struct {
		name   string
		events []any
		at     time.Duration
		want   []string
	}{
		{"nothing of an order that does not exist", nil, 0, nil},
		{"the reservation of a new order", []any{created}, 0, []string{"take ReserveStock"}},
		{"the payment once the stock is reserved", toPayment, 0, []string{"take ProcessPayment"}},
		{"the payment although it waits for its gateway", join(toPayment, []any{noGateway}), 0, []string{"take ProcessPayment"}},
		{"nothing while the payment is under way", join(toPayment, []any{requested(1)}), soon, nil},
		{
			"the payment's look-up once its caller must have given up",
			join(toPayment, []any{requested(1)}), late, []string{"close ProcessPayment"},
		},
		{"nothing while a retry is put off", join(toPayment, []any{requested(1), retry(saga.ProcessPayment, soon)}), 0, nil},
		{
			"a retry at its time",
			join(toPayment, []any{requested(1), retry(saga.ProcessPayment, soon)}), soon, []string{"take ProcessPayment"},
		},
		{
			"nothing while the look-up of an unknown outcome is put off",
			join(toPayment, []any{requested(1), unknown(saga.ProcessPayment, soon)}), 0, nil,
		},
		{
			"the look-up of an unknown outcome, and no retry",
			join(toPayment, []any{requested(1), unknown(saga.ProcessPayment, soon)}), soon, []string{"close ProcessPayment"},
		},
		{
			"a new generation after a fence",
			join(toPayment, []any{requested(1), fenced(saga.ProcessPayment)}), soon, []string{"take ProcessPayment"},
		},
		{"the shipment once the payment is in", toShipment, 0, []string{"take CreateShipment"}},
		{"the completion once every step has succeeded", toTheEnd, 0, []string{"complete"}},
		{"the completion although the deadline has passed", toTheEnd, deadline, []string{"complete"}},
		{"nothing of a completed order", join(toTheEnd, []any{completed}), deadline, nil},

		{"the turn after a refused reservation", []any{created, outOfStock}, 0, []string{"turn: OutOfStock"}},
		{"the turn after a refused payment", join(toPayment, []any{requested(1), declined}), 0, []string{"turn: PaymentDeclined"}},
		{
			"the turn after a refused shipment",
			join(toShipment, []any{shipmentRequested(), refused}), 0, []string{"turn: ShipmentRefused"},
		},
		{
			"the turn of a waiting order at its deadline, or still its step",
			join(toPayment, []any{noGateway}), deadline, []string{"take ProcessPayment", "turn: DeadlineExceeded"},
		},
		{
			"the turn and no step after the deadline was found to have passed",
			join(toPayment, []any{tooLate}), deadline, []string{"turn: DeadlineExceeded"},
		},

		{"the refund once the shipment was refused", toRefund, 0, []string{"undo ProcessPayment"}},
		{"nothing while the refund is under way", join(toRefund, []any{refundRequested()}), soon, nil},
		{
			"the refund's look-up once its caller must have given up",
			join(toRefund, []any{refundRequested()}), late, []string{"close undo ProcessPayment"},
		},
		{
			"the refund again after a failed try",
			join(toRefund, []any{refundRequested(), undo(retry(saga.ProcessPayment, soon))}), soon,
			[]string{"undo ProcessPayment"},
		},
		{
			"the look-up of an unknown refund, and no retry",
			join(toRefund, []any{refundRequested(), undo(unknown(saga.ProcessPayment, soon))}), soon,
			[]string{"close undo ProcessPayment"},
		},
		{
			"a new generation of the refund after a fence",
			join(toRefund, []any{refundRequested(), undo(fenced(saga.ProcessPayment))}), soon,
			[]string{"undo ProcessPayment"},
		},
		{"the release once the money is back", join(toRefund, []any{refundRequested(), refunded}), 0, []string{"undo ReserveStock"}},
		{"the end once nothing is left", join(toRefund, []any{refundRequested(), refunded, released}), 0, []string{"cancel"}},
		{"nothing of a cancelled order", join(toRefund, []any{refundRequested(), refunded, released, cancelled}), deadline, nil},
		{"nothing once a person has to decide", join(toRefund, []any{refundRequested(), noRefund}), deadline, nil},
		{
			"the shipment's cancellation first, if the deadline passed at the last moment",
			join(toTheEnd, []any{tooLate, compensated}), deadline, []string{"undo CreateShipment"},
		},
		{
			"the refund after the shipment's cancellation",
			join(toTheEnd, []any{tooLate, compensated, cancelRequested(), unshipped}), deadline,
			[]string{"undo ProcessPayment"},
		},

		{
			"no release while a charge may still arrive",
			join(toPayment, []any{requested(1), tooLate, compensated}), soon, nil,
		},
		{
			"the look-up of a charge that was under way at the deadline",
			join(toPayment, []any{requested(1), tooLate, compensated}), late, []string{"close ProcessPayment"},
		},
		{
			"the look-up, not the retry, of a charge that failed without an effect before the turn",
			join(toPayment, []any{requested(1), retry(saga.ProcessPayment, soon), tooLate, compensated}), soon,
			[]string{"close ProcessPayment"},
		},
		{
			"the release once that charge is fenced",
			join(toPayment, []any{requested(1), tooLate, compensated, fenced(saga.ProcessPayment)}), late,
			[]string{"undo ReserveStock"},
		},
		{
			"the refund of a charge that came to light after the turn",
			join(toPayment, []any{requested(1), tooLate, compensated, paid}), late, []string{"undo ProcessPayment"},
		},
		{
			"the refund of a charge that came to light after the end",
			join(toPayment, []any{requested(1), tooLate, compensated, released, cancelled, paid}), late,
			[]string{"undo ProcessPayment"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := due(fold(test.events...), after(test.at)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestNextIsTheEarliestTimeAtWhichAServiceHasToLookAgain(t *testing.T) {
	for _, test := range []struct {
		name    string
		events  []any
		service saga.Service
		at      time.Duration
		want    time.Duration // 0: never
	}{
		{"the deadline, for the order service", []any{created}, saga.OrderService, 0, time.Hour},
		{"not the deadline, for the others", []any{created}, saga.PaymentService, 0, 0},
		{"no deadline once the saga has turned round", toRefund, saga.OrderService, 0, 0},
		{"no deadline after the end", join(toTheEnd, []any{completed}), saga.OrderService, 0, 0},
		{"the end of a call", join(toPayment, []any{requested(1)}), saga.PaymentService, 0, 10 * time.Second},
		{"only its owner's", join(toPayment, []any{requested(1)}), saga.ShippingService, 0, 0},
		{"never what has passed", join(toPayment, []any{requested(1)}), saga.PaymentService, 10 * time.Second, 0},
		{
			"a retry's time", join(toPayment, []any{requested(1), retry(saga.ProcessPayment, 3*time.Second)}),
			saga.PaymentService, 0, 3 * time.Second,
		},
		{
			"a look-up's time", join(toPayment, []any{requested(1), unknown(saga.ProcessPayment, 4*time.Second)}),
			saga.PaymentService, 0, 4 * time.Second,
		},
		{"the end of a refund", join(toRefund, []any{refundRequested()}), saga.PaymentService, 0, 10 * time.Second},
		{"the end of a grace", join(toShipment, []any{absent}), saga.OrderService, 0, time.Minute},
		{"the deadline after it", join(toShipment, []any{absent}), saga.OrderService, time.Minute, time.Hour},
		{"the deadline of a suspended order", join(toShipment, []any{suspended}), saga.OrderService, 0, time.Hour},
		{
			"no deadline once the goods have left",
			join(toTheEnd, []any{wantsOut, turnedByIt, cancelRequested(), goodsLeft}), saga.OrderService, 0, 0,
		},
		{"the end of a capture, for its owner", captures, saga.PaymentService, 0, 10 * time.Second},
		{"not for others", captures, saga.ShippingService, 0, 0},
		{
			"the next look-up of what needs attention",
			join(toPayment, []any{requested(1), unknown(saga.ProcessPayment, 5*time.Second), asked(saga.ProcessPayment, false)}),
			saga.PaymentService, 0, 5 * time.Second,
		},
		{"nothing for what waits for an object", join(toPayment, []any{noGateway}), saga.PaymentService, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := fold(test.events...).Next(test.service, after(test.at))
			if want := after(test.want); test.want == 0 && !got.IsZero() || test.want != 0 && !got.Equal(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestAnOrderOfAFlowThatThisProgramDoesNotKnowIsLeftAlone(t *testing.T) {
	later := created
	later.FlowVersion = 999
	order := fold(later)
	if moves := due(order, after(2*time.Hour)); moves != nil {
		t.Errorf("due: %q", moves)
	}
	if next := order.Next(saga.OrderService, start); !next.IsZero() {
		t.Errorf("next: %v", next)
	}
}
