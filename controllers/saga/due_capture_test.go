// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"slices"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

var (
	toLabel   = []any{createdOnShipment, reserved, requested(1), authorized}
	toCapture = join(toLabel, []any{shipmentRequested(), shipped})
	captures  = join(toCapture, []any{captureRequested()})
	noCapture = join(captures, []any{captureRefused, saga.CompensationStarted{Step: saga.CapturePayment, Reason: saga.ReasonCaptureRefused}})
)

// dueTest is a history and what is due after it.
type dueTest struct {
	name   string
	events []any
	at     time.Duration
	want   []string
}

func checkDue(t *testing.T, tests []dueTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := due(fold(test.events...), after(test.at)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestExactlyTheseMovesAreDueOfAnOrderThatCapturesOnShipment(t *testing.T) {
	const soon, late, deadline = 5 * time.Second, 10 * time.Second, time.Hour
	checkDue(t, []dueTest{
		{"the shipment once the money is set aside", toLabel, 0, []string{"take CreateShipment"}},
		{"the capture once the shipment is created, and no end", toCapture, 0, []string{"take CapturePayment"}},
		{"nothing while the capture is under way", captures, soon, nil},
		{"the capture's look-up once its caller must have given up", captures, late, []string{"close CapturePayment"}},
		{"the end once the money is captured", join(captures, []any{captured}), 0, []string{"complete"}},
		{"the turn after a refused capture", join(captures, []any{captureRefused}), 0, []string{"turn: CaptureRefused"}},
		{"the label's cancellation first", noCapture, 0, []string{"undo CreateShipment"}},
		{"the void after it", join(noCapture, []any{cancelRequested(), unshipped}), 0, []string{"undo ProcessPayment"}},
		{"nothing while the void is under way", join(noCapture, []any{cancelRequested(), unshipped, voidRequested()}), soon, nil},
		{
			"the release after the void",
			join(noCapture, []any{cancelRequested(), unshipped, voidRequested(), voided}), 0, []string{"undo ReserveStock"},
		},
		{
			"the end once nothing is left",
			join(noCapture, []any{cancelRequested(), unshipped, voidRequested(), voided, released}), 0, []string{"cancel"},
		},
		{
			"no void while a capture may still arrive",
			join(captures, []any{tooLate, compensated}), soon, nil,
		},
		{
			"the refund of a capture that came to light after the turn, before the label's cancellation",
			join(captures, []any{tooLate, compensated, captured}), soon, []string{"undo CapturePayment"},
		},
		{
			"the label's cancellation after that refund",
			join(captures, []any{tooLate, compensated, captured, refundRequested(), refunded}), soon, []string{"undo CreateShipment"},
		},
		{
			"the release then: the refund of the capture leaves nothing to void",
			join(captures, []any{tooLate, compensated, captured, refundRequested(), refunded, cancelRequested(), unshipped}),
			soon, []string{"undo ReserveStock"},
		},
		{
			"the void of an authorisation that came to light after the end",
			[]any{createdOnShipment, reserved, requested(1), tooLate, compensated, released, cancelled, authorized},
			deadline, []string{"undo ProcessPayment"},
		},
		{
			"the refund of a capture that came to light after the end",
			join(noCapture, []any{cancelRequested(), unshipped, voidRequested(), voided, released, cancelled, captured}),
			deadline, []string{"undo CapturePayment"},
		},
		{
			"the cancellation of a shipment that came to light after the end",
			[]any{created, reserved, tooLate, compensated, released, cancelled, shipped}, deadline, []string{"undo CreateShipment"},
		},
		{
			"the rest of a refund that was made in part, after a while",
			join(toRefund, []any{refundRequested(), saga.PaymentRefunded{Generation: 1, Amount: usd(1)}}), 2 * time.Minute,
			[]string{"undo ProcessPayment"},
		},
	})
}

func TestExactlyTheseMovesAreDueOfAnOrderWhoseGoodsHaveLeft(t *testing.T) {
	const soon, deadline = 5 * time.Second, time.Hour
	cancels := join(toTheEnd, []any{wantsOut, turnedByIt, cancelRequested()})
	unpaidOnShipment := join(noCapture, []any{cancelRequested(), goodsLeft})
	back := join(captures, []any{tooLate, compensated, captured, refundRequested(), refunded, cancelRequested(), goodsLeft})
	checkDue(t, []dueTest{
		{"the end: the cancellation no longer counts", join(cancels, []any{goodsLeft}), 0, []string{"complete"}},
		{"the end, even after the deadline", join(cancels, []any{goodsLeft}), deadline, []string{"complete"}},
		{
			"the end, although it was suspended",
			join(toTheEnd, []any{suspended, tooLate, compensated, cancelRequested(), goodsLeft}), deadline, []string{"complete"},
		},
		{
			"the capture that it had not come to",
			join(toCapture, []any{wantsOut, turnedByIt, cancelRequested(), goodsLeft}), deadline, []string{"take CapturePayment"},
		},
		{
			"the capture again that never happened",
			join(captures, []any{wantsOut, turnedByIt, fenced(saga.CapturePayment), cancelRequested(), goodsLeft}), soon,
			[]string{"take CapturePayment"},
		},
		{"a person's attention, if the capture was refused", unpaidOnShipment, deadline, []string{"attention: ShippedUnpaid"}},
		{"nothing until he decides", join(unpaidOnShipment, []any{unpaid}), deadline, nil},
		{
			"the capture again, if he says so",
			join(unpaidOnShipment, []any{unpaid, answered(unpaid, saga.ResolveRetry)}), deadline, []string{"take CapturePayment"},
		},
		{
			"his attention again, if it is refused again",
			join(unpaidOnShipment, []any{unpaid, answered(unpaid, saga.ResolveRetry), captureRequested(), captureRefused}),
			deadline, []string{"attention: ShippedUnpaid"},
		},
		{
			"the end, if it was paid otherwise",
			join(unpaidOnShipment, []any{unpaid, answered(unpaid, saga.ResolveForce)}), deadline, []string{"complete"},
		},
		{"a person's attention, if the money is back", back, deadline, []string{"attention: ShippedUnpaid"}},
		{
			"another cancellation, if he says so",
			join(back, []any{unpaidBack, answered(unpaidBack, saga.ResolveRetry)}), deadline, []string{"undo CreateShipment"},
		},
		{
			"the release, if he has got the goods back",
			join(back, []any{unpaidBack, answered(unpaidBack, saga.ResolveSkip)}), deadline, []string{"undo ReserveStock"},
		},
		{
			"a person's attention, if it had been cancelled before",
			[]any{created, reserved, tooLate, compensated, released, cancelled, shipped, cancelRequested(), goodsLeft},
			deadline, []string{"attention: ShippedUnpaid"},
		},
	})
}
