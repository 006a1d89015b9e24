// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

func TestExactlyTheseMovesAreDueOfAnOrderThatIsCancelledOrSuspended(t *testing.T) {
	const soon, late, deadline = 5 * time.Second, 10 * time.Second, time.Hour
	cancel := []any{wantsOut, turnedByIt}
	checkDue(t, []dueTest{
		{"the end of an order of which nothing has happened", join([]any{created}, cancel), 0, []string{"cancel"}},
		{"the release of an order that has come to its payment", join(toPayment, cancel), 0, []string{"undo ReserveStock"}},
		{"nothing while its charge is under way", join(toPayment, []any{requested(1)}, cancel), soon, nil},
		{"then its look-up", join(toPayment, []any{requested(1)}, cancel), late, []string{"close ProcessPayment"}},
		{
			"the refund of a charge that succeeded afterwards",
			join(toPayment, []any{requested(1)}, cancel, []any{paid}), 0, []string{"undo ProcessPayment"},
		},
		{
			"the release after a charge that was declined afterwards",
			join(toPayment, []any{requested(1)}, cancel, []any{declined}), 0, []string{"undo ReserveStock"},
		},
		{
			"the look-up, not the retry, of a charge that was put off",
			join(toPayment, []any{requested(1), retry(saga.ProcessPayment, 0)}, cancel), soon, []string{"close ProcessPayment"},
		},
		{
			"the release after a charge that could not be prepared",
			join(toPayment, []any{retry(saga.ProcessPayment, time.Hour)}, cancel), 0, []string{"undo ReserveStock"},
		},
		{"the refund of a paid order", join(toShipment, cancel), 0, []string{"undo ProcessPayment"}},
		{"the shipment's cancellation of a finished order", join(toTheEnd, cancel), 0, []string{"undo CreateShipment"}},
		{"the turn, should nobody have recorded it", join(toPayment, []any{wantsOut}), 0, []string{"turn: CancelledByUser"}},

		{"nothing of a suspended order", []any{created, suspended}, 0, nil},
		{"its step once it is resumed", []any{created, suspended, resumed}, 0, []string{"take ReserveStock"}},
		{"not even its end", join(toTheEnd, []any{suspended}), 0, nil},
		{"its end once it is resumed", join(toTheEnd, []any{suspended, resumed}), 0, []string{"complete"}},
		{"its turn at the deadline", join(toTheEnd, []any{suspended}), deadline, []string{"turn: DeadlineExceeded"}},
		{"its turn after a refusal", join(toPayment, []any{requested(1), suspended, declined}), 0, []string{"turn: PaymentDeclined"}},
		{"its look-ups", join(toPayment, []any{requested(1), suspended}), late, []string{"close ProcessPayment"}},
		{
			"nothing of its retries, which have had no effect",
			join(toPayment, []any{requested(1), retry(saga.ProcessPayment, 0), suspended}), late, nil,
		},
		{"its compensation", join(toRefund, []any{suspended}), 0, []string{"undo ProcessPayment"}},
		{"nothing of an order whose object is gone", join(toShipment, []any{absent}), soon, nil},
		{"its turn after the grace", join(toShipment, []any{absent}), time.Minute, []string{"turn: OrderDeleted"}},
		{"its step, if it is there again", join(toShipment, []any{absent, resumed}), time.Minute, []string{"take CreateShipment"}},
	})
}

func TestExactlyTheseMovesAreDueOfAnOrderThatNeedsAttention(t *testing.T) {
	const soon, late, deadline = 5 * time.Second, 10 * time.Second, time.Hour
	lost := join(toPayment, []any{requested(1), unknown(saga.ProcessPayment, soon), asked(saga.ProcessPayment, false)})
	lostRefund := join(toRefund, []any{refundRequested(), undo(unknown(saga.ProcessPayment, soon)), asked(saga.ProcessPayment, true)})
	failing := saga.AttentionRequired{
		Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonUndoFailing, NotBefore: after(soon),
	}
	refusedRefund := join(toRefund, []any{refundRequested(), noRefund})
	refusedCancel := join(toTheEnd, []any{wantsOut, turnedByIt, cancelRequested(), noLabel})
	checkDue(t, []dueTest{
		{"nothing of a lost charge before its time", lost, 0, nil},
		{"its look-up again, although nobody has decided", lost, soon, []string{"close ProcessPayment"}},
		{"its look-up at once, if a person says so", join(lost, []any{answered(asked(saga.ProcessPayment, false), saga.ResolveRetry)}), 0, []string{"close ProcessPayment"}},
		{"another charge, if it surely did not happen", join(lost, []any{answered(asked(saga.ProcessPayment, false), saga.ResolveSkip)}), 0, []string{"take ProcessPayment"}},
		{"the next step, if it did succeed", join(lost, []any{answered(asked(saga.ProcessPayment, false), saga.ResolveForce)}), 0, []string{"take CreateShipment"}},
		{"the next step, if it comes to light", join(lost, []any{paid}), 0, []string{"take CreateShipment"}},
		{"another charge, if it is fenced after all", join(lost, []any{fenced(saga.ProcessPayment)}), soon, []string{"take ProcessPayment"}},
		{"the turn at the deadline", lost, deadline, []string{"close ProcessPayment", "turn: DeadlineExceeded"}},
		{"no release after that", join(lost, []any{tooLate, compensated}), 0, nil},
		{
			"the release, if it surely did not happen",
			join(lost, []any{tooLate, compensated, answered(asked(saga.ProcessPayment, false), saga.ResolveSkip)}), 0,
			[]string{"undo ReserveStock"},
		},
		{
			"the refund, if it did succeed",
			join(lost, []any{tooLate, compensated, answered(asked(saga.ProcessPayment, false), saga.ResolveForce)}), 0,
			[]string{"undo ProcessPayment"},
		},

		{"the look-up of a lost refund", lostRefund, soon, []string{"close undo ProcessPayment"}},
		{"the release, if it comes to light", join(lostRefund, []any{refunded}), 0, []string{"undo ReserveStock"}},
		{"the release, if it was made by hand", join(lostRefund, []any{answered(asked(saga.ProcessPayment, true), saga.ResolveSkip)}), 0, []string{"undo ReserveStock"}},

		{
			"the next try of a refund that goes on failing",
			join(toRefund, []any{refundRequested(), undo(retry(saga.ProcessPayment, soon)), failing}), soon,
			[]string{"undo ProcessPayment"},
		},
		{
			"its next try at once, if a person says so",
			join(toRefund, []any{refundRequested(), undo(retry(saga.ProcessPayment, soon)), failing, answered(failing, saga.ResolveRetry)}),
			0, []string{"undo ProcessPayment"},
		},
		{
			"the release, once it succeeds",
			join(toRefund, []any{refundRequested(), undo(retry(saga.ProcessPayment, soon)), failing, refundRequested(), refunded}),
			0, []string{"undo ReserveStock"},
		},

		{"nothing after a refused refund", refusedRefund, deadline, nil},
		{"another refund, if a person says so", join(refusedRefund, []any{answered(noRefund, saga.ResolveRetry)}), 0, []string{"undo ProcessPayment"}},
		{"the release, if he has refunded it by hand", join(refusedRefund, []any{answered(noRefund, saga.ResolveSkip)}), 0, []string{"undo ReserveStock"}},
		{"the release, if it did succeed", join(refusedRefund, []any{answered(noRefund, saga.ResolveForce)}), 0, []string{"undo ReserveStock"}},
		{"nothing after a refused cancellation of the shipment", refusedCancel, deadline, nil},
		{"another one, if a person says so", join(refusedCancel, []any{answered(noLabel, saga.ResolveRetry)}), 0, []string{"undo CreateShipment"}},
		{"the refund, if he has got the goods back", join(refusedCancel, []any{answered(noLabel, saga.ResolveSkip)}), 0, []string{"undo ProcessPayment"}},

		{"nothing, if something has happened twice", join(toShipment, []any{twice}), 0, nil},
		{"its step, once a person has seen to it", join(toShipment, []any{twice, answered(twice, saga.ResolveSkip)}), 0, []string{"take CreateShipment"}},
		{"the look-up of a call, even then", join(toShipment, []any{shipmentRequested(), twice}), late, []string{"close CreateShipment"}},
	})
}
