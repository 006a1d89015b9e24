// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
)

func TestMoneyIsOwedInEveryStateOfAnOrderThatHasTurnedRound(t *testing.T) {
	const all = 150_000
	refusedRefund := join(toRefund, []any{refundRequested(), noRefund})
	for _, test := range []struct {
		name                                   string
		events                                 []any
		captured, refunded, held, refund, void int64
	}{
		{name: "nothing before a charge", events: toPayment},
		{name: "nothing of a charged order that goes forward", events: toShipment, captured: all},
		{name: "nothing of a completed order", events: join(toTheEnd, []any{completed}), captured: all},
		{name: "a charge, once it has turned round", events: toRefund, captured: all, refund: all},
		{name: "a charge while its refund is under way", events: join(toRefund, []any{refundRequested()}), captured: all, refund: all},
		{name: "nothing after the refund", events: join(toRefund, []any{refundRequested(), refunded}), captured: all, refunded: all},
		{
			name:     "the rest of a refund that was made in part",
			events:   join(toRefund, []any{refundRequested(), saga.PaymentRefunded{Generation: 1, Amount: usd(1)}}),
			captured: all, refunded: 1, refund: all - 1,
		},
		{
			name: "the rest of a refund that was told of under two keys",
			events: join(toRefund, []any{
				refundRequested(), saga.PaymentRefunded{Generation: 1, Reference: "re_1", Amount: usd(100_000)},
				saga.PaymentRefunded{Generation: 2, Reference: "re_1", Amount: usd(100_000)},
			}),
			captured: all, refunded: 100_000, refund: 50_000,
		},
		{name: "a charge whose refund was refused", events: refusedRefund, captured: all, refund: all},
		{
			name:     "nothing after a refund by hand",
			events:   join(refusedRefund, []any{answered(noRefund, saga.ResolveSkip)}),
			captured: all, refunded: all,
		},
		{
			name:     "a charge that came to light after the end",
			events:   join(toPayment, []any{requested(1), tooLate, compensated, released, cancelled, paid}),
			captured: all, refund: all,
		},
		{
			name: "another charge that came to light after the refund of the first",
			events: join(toRefund, []any{
				refundRequested(), refunded, released, cancelled,
				saga.PaymentProcessed{Generation: 2, Reference: "ch_2", Amount: usd(all)},
			}),
			captured: 2 * all, refunded: all, refund: all,
		},
		{name: "nothing of what is set aside for an order that goes forward", events: toLabel, held: all},
		{name: "what is set aside, once it has turned round", events: noCapture, held: all, void: all},
		{
			name:   "nothing after the void",
			events: join(noCapture, []any{cancelRequested(), unshipped, voidRequested(), voided}),
		},
		{name: "nothing of a capture that goes forward", events: join(captures, []any{captured}), captured: all},
		{
			name: "a capture that came to light after the turn", events: join(captures, []any{tooLate, compensated, captured}),
			captured: all, refund: all,
		},
		{
			name:     "nothing after the refund of a capture",
			events:   join(captures, []any{tooLate, compensated, captured, refundRequested(), refunded}),
			captured: all, refunded: all,
		},
		{
			name:     "nothing of an order whose goods have left",
			events:   join(toTheEnd, []any{wantsOut, turnedByIt, cancelRequested(), goodsLeft}),
			captured: all,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			order := fold(test.events...)
			debt := order.Money()
			if order.Captured() != usd(test.captured) && test.captured != 0 || order.Captured().Minor != test.captured ||
				order.Refunded.Minor != test.refunded || order.Held().Minor != test.held ||
				debt.Refund.Minor != test.refund || debt.Void.Minor != test.void {
				t.Errorf("captured %v, refunded %v, held %v, owed %+v", order.Captured(), order.Refunded, order.Held(), debt)
			}
			if debt.None() != (test.refund == 0 && test.void == 0) {
				t.Errorf("owes nothing: %v", debt.None())
			}
		})
	}
}

func TestNoOrderEndsCancelledWhileItOwesMoney(t *testing.T) {
	for _, history := range [][]any{toRefund, noCapture, captures, toLabel, toTheEnd} {
		order := fold(join(history, []any{wantsOut, turnedByIt, cancelRequested(), unshipped, released})...)
		if order.Cancellable() || order.NothingLeft() {
			t.Errorf("cancellable with %v captured, %v held", order.Captured(), order.Held())
		}
	}
}

func TestEachTryOfACompensationThatWasRefusedOrDoneHasAKeyOfItsOwn(t *testing.T) {
	for name, events := range map[string][]any{
		"refused":         {refundRequested(), noRefund, answered(noRefund, saga.ResolveRetry)},
		"fenced":          {refundRequested(), undo(fenced(saga.ProcessPayment))},
		"done":            {refundRequested(), refunded},
		"done by hand":    {refundRequested(), noRefund, answered(noRefund, saga.ResolveSkip)},
		"refunded partly": {refundRequested(), saga.PaymentRefunded{Generation: 1, Amount: usd(1)}},
	} {
		call := fold(join(toRefund, events)...).Step(saga.ProcessPayment).Undo
		if call.Generation < 2 || call.Last.Try != 0 || call.Unsettled {
			t.Errorf("%s: %+v", name, call)
		}
	}
	failed := fold(join(toRefund, []any{refundRequested(), undo(retry(saga.ProcessPayment, 0))})...).Step(saga.ProcessPayment).Undo
	if failed.Generation != 1 || failed.Last.Try != 1 || failed.Failures != 1 {
		t.Errorf("a failed try: %+v", failed)
	}
}

func TestANewAttemptHasNothingOfTheLastOne(t *testing.T) {
	again := created
	again.UID, again.Attempt, again.Deadline = "uid-2", 2, again.Deadline.Add(time.Hour)
	ended := join(toRefund, []any{refundRequested(), refunded, released, cancelled, twice})
	order := fold(join(ended, []any{again})...)
	if order.Content.Attempt != 2 || order.Outcome != "" || order.Compensating || order.Attention != nil || order.Charge.Reference != "" ||
		order.Refunded.Minor != 0 || order.Accepted("uid-1") || !order.Accepted("uid-2") {
		t.Errorf("%+v", order)
	}
	if !order.Forward(saga.ReserveStock, start) || int(order.Position) != len(ended)+1 || order.ID != orderID {
		t.Errorf("it does not begin: %+v", order)
	}
}

func TestAnAttentionSaysWhatItIsAboutAndSinceWhen(t *testing.T) {
	history := join(toPayment, []any{requested(1), unknown(saga.ProcessPayment, 0), asked(saga.ProcessPayment, false)})
	order := fold(history...)
	a := order.Attention
	if a == nil || a.Step != saga.ProcessPayment || a.Undo || a.Reason != saga.ReasonOutcomeUnknown ||
		int(a.Position) != len(history) || !a.Since.Equal(event(len(history), nil).RecordedAt) || !a.NotBefore.Equal(after(5*time.Second)) {
		t.Errorf("%+v", a)
	}
	if still := fold(join(history, []any{unknown(saga.ProcessPayment, time.Minute)})...).Attention; still == nil || still.Position != a.Position {
		t.Errorf("after a look-up in vain: %+v", still)
	}
}
