// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// tester is a test, of this package or of rapid.
type tester interface {
	rapid.TB
	Context() context.Context
}

// openAfter returns the row of the order in the projection after the events.
func openAfter(t tester, events ...any) (row saga.OpenOrder, open bool) {
	t.Helper()
	store := memory.New(memory.Options{})
	defer func() { _ = store.Close() }()
	for i, payload := range events {
		encoded, err := saga.NewRegistry().Encode(payload)
		if err != nil {
			t.Fatal(err)
		}
		encoded.ID, encoded.RecordedAt = uuid.New(), event(i+1, nil).RecordedAt
		encoded.Streams = []eventcore.Membership{{Stream: saga.OrderAggregate}, {Stream: orderID.Stream()}}
		request := eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{encoded}}
		if _, err := store.Append(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	projector, err := eventcore.NewProjector(
		t.Context(), store, saga.NewRegistry(), saga.OpenOrders(), eventcore.ProjectorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := projector.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := saga.ListOpenOrders(projector.Documents())
	if err != nil {
		t.Fatal(err)
	}
	row, open = rows[orderID]
	return row, open
}

func TestAnOrderIsOpenUntilItsEnd(t *testing.T) {
	for _, history := range [][]any{
		join(toTheEnd, []any{completed}),
		join(toRefund, []any{refundRequested(), refunded, released, cancelled}),
		{created, outOfStock, saga.CompensationStarted{Step: saga.ReserveStock, Reason: saga.ReasonOutOfStock}, cancelled},
	} {
		for i := range history {
			_, open := openAfter(t, history[:i+1]...)
			if ended := fold(history[:i+1]...).Outcome != ""; open == ended {
				t.Errorf("after %T, open is %v", history[i], open)
			}
		}
	}
}

func TestAnOrderThatEndedIsOpenAgainWhileALateChargeIsRefunded(t *testing.T) {
	late := join(toPayment, []any{requested(1), tooLate, compensated, released, cancelled, paid})
	if row, open := openAfter(t, late...); !open || !row.Ended {
		t.Errorf("a late charge: open %v, %+v", open, row)
	}
	if _, open := openAfter(t, append(late, refundRequested(), refunded)...); open {
		t.Errorf("open after the refund")
	}
	if _, open := openAfter(t, append(late, noGateway)...); !open {
		t.Errorf("not open while the refund waits")
	}
}

func TestAnOrderThatEndedIsOpenUntilAllThatCameToLightIsUndone(t *testing.T) {
	ended := []any{createdOnShipment, reserved, tooLate, compensated, released, cancelled}
	for name, test := range map[string]struct {
		late []any
		open bool
	}{
		"an authorisation":                    {[]any{authorized}, true},
		"a voided authorisation":              {[]any{authorized, voidRequested(), voided}, false},
		"a capture":                           {[]any{authorized, captured}, true},
		"a refunded capture":                  {[]any{authorized, captured, refundRequested(), refunded}, false},
		"a shipment":                          {[]any{shipped}, true},
		"a cancelled shipment":                {[]any{shipped, cancelRequested(), unshipped}, false},
		"a shipment and a refund":             {[]any{authorized, shipped, voidRequested(), voided}, true},
		"goods that have left":                {[]any{shipped, cancelRequested(), goodsLeft}, true},
		"goods that a person got back":        {[]any{shipped, cancelRequested(), goodsLeft, unpaidBack, answered(unpaidBack, saga.ResolveSkip)}, false},
		"a refused refund":                    {[]any{paid, refundRequested(), noRefund}, true},
		"a refund that is tried again":        {[]any{paid, refundRequested(), noRefund, answered(noRefund, saga.ResolveRetry)}, true},
		"a refund that was made by hand":      {[]any{paid, refundRequested(), noRefund, answered(noRefund, saga.ResolveSkip)}, false},
		"another attempt":                     {[]any{created}, true},
		"another attempt that has ended":      {[]any{created, outOfStock, compensated, cancelled}, false},
		"something that has happened twice":   {[]any{twice}, true},
		"something that a person has seen to": {[]any{twice, answered(twice, saga.ResolveSkip)}, false},
	} {
		if row, open := openAfter(t, join(ended, test.late)...); open != test.open {
			t.Errorf("%s: open %v, %+v", name, open, row)
		}
	}
}

func TestTheRowOfAnOrderAsksWhatTheOrderAsks(t *testing.T) {
	asking := 0
	for range 10 { // a hundred walks each
		rapid.Check(t, func(t *rapid.T) {
			w := walkAtRandom(t)
			events := w.log[:rapid.IntRange(len(w.log)/2, len(w.log)).Draw(t, "events")]
			order := fold(events...)
			row, _ := openAfter(t, events...)
			if (row.Attention == nil) != (order.Attention == nil) || row.Attention != nil && row.Attention.Reason != order.Attention.Reason {
				t.Fatalf("the row asks %+v, the order %+v\n%+v", row.Attention, order.Attention, events)
			}
			if order.Attention != nil {
				asking++
			}
		})
	}
	if asking == 0 {
		t.Error("no order has asked")
	}
}

func TestTheRowOfAnOpenOrderTellsWhatItWaitsFor(t *testing.T) {
	deadline, soon := call(1).Deadline, after(5*time.Second)
	for _, test := range []struct {
		name    string
		last    []any
		waiting *saga.StepWaiting
		next    time.Time
	}{
		{"a gateway", []any{noGateway}, &noGateway, time.Time{}},
		{"a gateway, although another object was attached", []any{noGateway, saga.OrderAttached{UID: "uid-2"}}, &noGateway, time.Time{}},
		{"a gateway, although it is suspended", []any{noGateway, suspended}, &noGateway, time.Time{}},
		{"a gateway, although a person is asked", []any{noGateway, asked(saga.ProcessPayment, false)}, &noGateway, soon},
		{"nothing once it has turned round", []any{noGateway, wantsOut, turnedByIt}, nil, time.Time{}},
		{"the end of a grace", []any{absent}, nil, after(time.Minute)},
		{"nothing once it goes on", []any{noGateway, requested(1)}, nil, deadline},
		{"a call", []any{requested(1)}, nil, deadline},
		{"a retry", []any{requested(1), retry(saga.ProcessPayment, 5*time.Second)}, nil, soon},
		{"a look-up", []any{requested(1), unknown(saga.ProcessPayment, 5*time.Second)}, nil, soon},
		{"events", []any{requested(1), paid}, nil, time.Time{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			row, open := openAfter(t, join(toPayment, test.last)...)
			if !open || !row.Next.Equal(test.next) || !row.Since.Equal(after(time.Millisecond)) {
				t.Errorf("open %v, %+v", open, row)
			}
			if (row.Waiting == nil) != (test.waiting == nil) || row.Waiting != nil && *row.Waiting != *test.waiting {
				t.Errorf("waits for %v, want %v", row.Waiting, test.waiting)
			}
		})
	}
}

func TestWaitersKnowWhoWaitsUntilTheyGoOn(t *testing.T) {
	var waiters saga.Waiters
	other := saga.OrderID{Namespace: "elsewhere", Name: "order-001"}
	product := saga.StepWaiting{Step: saga.ReserveStock, Reason: saga.ReasonWaitingForProduct, Name: "default"}
	waiters.Forget(orderID)
	waiters.Add(orderID, noGateway)
	waiters.Add(orderID, noGateway)
	waiters.Add(other, noGateway)
	waiters.Add(other, product)
	expect := func(want int, reason, namespace string) {
		t.Helper()
		if got := waiters.For(reason, namespace, "default"); len(got) != want {
			t.Errorf("%v wait for %s %s/default, want %d", got, reason, namespace, want)
		}
	}
	expect(2, saga.ReasonWaitingForGateway, "")
	expect(2, saga.ReasonWaitingForGateway, "") // it may come and go
	expect(0, saga.ReasonWaitingForCarrier, "")
	expect(1, saga.ReasonWaitingForProduct, "elsewhere")
	expect(0, saga.ReasonWaitingForProduct, "shop")
	waiters.Forget(other)
	expect(1, saga.ReasonWaitingForGateway, "")
	expect(0, saga.ReasonWaitingForProduct, "elsewhere")
}
