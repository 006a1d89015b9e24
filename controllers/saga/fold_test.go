// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

func TestTheFoldShowsWhereEveryStepStands(t *testing.T) {
	for _, test := range []struct {
		name   string
		events []any
		want   [3]saga.StepState
	}{
		{"created", []any{created}, [3]saga.StepState{saga.Pending, saga.Pending, saga.Pending}},
		{"paying", join(toPayment, []any{requested(1)}), [3]saga.StepState{saga.Succeeded, saga.Running, saga.Pending}},
		{
			"payment unknown", join(toPayment, []any{requested(1), unknown(saga.ProcessPayment, 0)}),
			[3]saga.StepState{saga.Succeeded, saga.Unknown, saga.Pending},
		},
		{
			"payment fenced", join(toPayment, []any{requested(1), fenced(saga.ProcessPayment)}),
			[3]saga.StepState{saga.Succeeded, saga.Pending, saga.Pending},
		},
		{
			"payment fenced after the turn", join(toPayment, []any{requested(1), compensated, fenced(saga.ProcessPayment)}),
			[3]saga.StepState{saga.Succeeded, saga.Skipped, saga.Skipped},
		},
		{"completed", join(toTheEnd, []any{completed}), [3]saga.StepState{saga.Succeeded, saga.Succeeded, saga.Succeeded}},
		{"out of stock", []any{created, outOfStock, compensated}, [3]saga.StepState{saga.Refused, saga.Skipped, saga.Skipped}},
		{"refunding", join(toRefund, []any{refundRequested()}), [3]saga.StepState{saga.Succeeded, saga.Undoing, saga.Refused}},
		{
			"undone", join(toRefund, []any{refundRequested(), refunded, released}),
			[3]saga.StepState{saga.Undone, saga.Undone, saga.Refused},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got [3]saga.StepState
			for i, step := range fold(test.events...).Steps {
				got[i] = step.State
			}
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestTheFoldKeepsMoneyShipmentAndTheReasonOfTheEnd(t *testing.T) {
	order := fold(join(toRefund, []any{refundRequested(), refunded, released, cancelled})...)
	if order.Charge.Amount != usd(150_000) || order.Refunded != usd(150_000) {
		t.Errorf("charged %v, refunded %v", order.Charge.Amount, order.Refunded)
	}
	if order.Outcome != saga.Cancelled || order.Reason != saga.ReasonPaymentDeclined {
		t.Errorf("outcome %v for %v", order.Outcome, order.Reason)
	}
	if shipment := fold(toTheEnd...).Shipment; shipment.TrackingNumber != "T1" {
		t.Errorf("shipment %+v", shipment)
	}
	if attention := fold(join(toRefund, []any{refundRequested(), noRefund})...).Attention; attention == nil ||
		attention.Reason != saga.ReasonRefundRefused {
		t.Errorf("attention %+v", attention)
	}
}

func TestAWaitIsShownUntilTheStepGoesOn(t *testing.T) {
	waiting := fold(join(toPayment, []any{noGateway, saga.OrderAttached{UID: "uid-2"}})...)
	if got := waiting.Step(saga.ProcessPayment).Waiting; got == nil || *got != noGateway {
		t.Errorf("waits for %v", got)
	}
	if !waiting.Accepted("uid-1") || !waiting.Accepted("uid-2") || waiting.Accepted("uid-3") {
		t.Errorf("accepted are %v", waiting.UIDs)
	}
	if got := fold(join(toPayment, []any{noGateway, requested(1)})...).Step(saga.ProcessPayment).Waiting; got != nil {
		t.Errorf("after the request it waits for %v", got)
	}
}

func TestApplyChangesNothingThatTheOldStateRefersTo(t *testing.T) {
	history := join(toRefund, []any{refundRequested(), refunded, released, cancelled})
	for i, payload := range history {
		before, same := fold(history[:i]...), fold(history[:i]...)
		before.Apply(orderID.Stream(), event(i+1, payload))
		if !reflect.DeepEqual(before, same) {
			t.Errorf("%T has changed the state before it", payload)
		}
	}
}

func TestAForeignStreamChangesNothing(t *testing.T) {
	for _, stream := range []eventcore.StreamID{saga.OrderAggregate, "inventory-product-shop/laptop-001", "x"} {
		if order := (saga.Order{}).Apply(stream, event(1, created)); order.Created() {
			t.Errorf("%s has created an order", stream)
		}
	}
	if stock := (saga.Stock{}).Apply(orderID.Stream(), event(1, reserved)); stock.Reserved != 0 {
		t.Errorf("an order's stream has reserved %d", stock.Reserved)
	}
}

func TestNoSequenceOfEventsMakesTheFoldOrTheRulesPanic(t *testing.T) {
	all := append(examples(),
		undo(fenced(saga.CreateShipment)), undo(unknown(saga.ReserveStock, 0)), saga.StepWaiting{Step: "NoSuchStep"})
	product := orderID.Product("laptop-001")
	rapid.Check(t, func(t *rapid.T) {
		var order saga.Order
		var stock saga.Stock
		for i, payload := range rapid.SliceOfN(rapid.SampledFrom(all), 0, 40).Draw(t, "events") {
			order = order.Apply(orderID.Stream(), event(i+1, payload))
			stock = stock.Apply(product.Stream(), event(i+1, payload))
			for _, service := range []saga.Service{saga.OrderService, saga.PaymentService} {
				order.Next(service, start)
			}
			due(order, created.Deadline)
			if stock.Available() < 0 {
				t.Fatalf("%d available", stock.Available())
			}
		}
	})
}
