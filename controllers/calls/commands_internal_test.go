// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// given appends events to the order's stream, whatever they are.
type given []any

func (g given) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{one.Stream()} }

func (g given) Handle(b *eventcore.Boundary) error {
	eventcore.Load[saga.Order](b, one.Stream())
	for _, payload := range g {
		if err := b.Append(payload, one.Stream()); err != nil {
			return err
		}
	}
	return nil
}

func TestAFactIsRecordedOnceAndARemarkOnlyAboutTheLastTry(t *testing.T) {
	try := func(generation, number int) saga.Call { return saga.Call{Generation: generation, Try: number} }
	requested := func(generation, number int) any {
		return saga.PaymentRequested{Call: try(generation, number)}
	}
	retry := func(generation, number int, fenced bool) saga.StepRetryScheduled {
		return saga.StepRetryScheduled{Step: saga.ProcessPayment, Generation: generation, Try: number, Fenced: fenced}
	}
	unknown := func(generation, number int) any {
		return saga.OutcomeUnknown{Step: saga.ProcessPayment, Generation: generation, Try: number}
	}
	paid, failed := saga.PaymentProcessed{Generation: 1}, saga.PaymentFailed{Generation: 1}
	cancelled := []any{saga.CompensationStarted{}, saga.OrderCancelled{}}
	for _, test := range []struct {
		name     string
		given    given
		command  record
		recorded bool
	}{
		{"a success", given{requested(1, 1)}, record{call: try(1, 1), outcome: paid}, true},
		{"a success again", given{requested(1, 1), paid}, record{call: try(1, 1), outcome: paid}, false},
		{"a success after a refusal, which is a lie", given{requested(1, 1), failed}, record{call: try(1, 1), outcome: paid}, true},
		{
			"a success of a generation that was given up before",
			given{requested(1, 1), retry(1, 1, true)}, record{call: try(1, 1), outcome: paid}, true,
		},
		{
			"a success of a generation that was given up before, after the end",
			append(given{requested(1, 1), retry(1, 1, true)}, cancelled...), record{call: try(1, 1), outcome: paid}, true,
		},
		{
			"a success again, after the next generation was refunded",
			given{requested(1, 1), paid, saga.CompensationStarted{}, saga.RefundRequested{Call: try(1, 1)}, saga.PaymentRefunded{}},
			record{call: try(1, 1), outcome: paid}, false,
		},
		{"a success of an earlier try", given{requested(1, 1), retry(1, 1, false), requested(1, 2)}, record{call: try(1, 1), outcome: paid}, true},
		{"a success after the end", append(given{requested(1, 1)}, cancelled...), record{call: try(1, 1), outcome: paid}, true},
		{"a refusal of a fenced generation", given{requested(1, 1), retry(1, 1, true)}, record{call: try(1, 1), outcome: failed}, false},
		{
			"a refusal of a fenced generation while the next is under way",
			given{requested(1, 1), retry(1, 1, true), requested(2, 1)}, record{call: try(1, 1), outcome: failed}, false,
		},
		{"a failure", given{requested(1, 1)}, record{call: try(1, 1), outcome: retry(1, 1, false)}, true},
		{"a failure that was found out before", given{requested(1, 1), unknown(1, 1)}, record{call: try(1, 1), outcome: retry(1, 1, false)}, false},
		{
			"a failure of an earlier try",
			given{requested(1, 1), retry(1, 1, false), requested(1, 2)}, record{call: try(1, 1), outcome: retry(1, 1, false)}, false,
		},
		{"an unknown outcome looked up in vain", given{requested(1, 1), unknown(1, 1)}, record{call: try(1, 1), outcome: unknown(1, 1), closing: true}, true},
		{
			"a look-up in vain of an earlier try",
			given{requested(1, 1), retry(1, 1, false), requested(1, 2)}, record{call: try(1, 1), outcome: unknown(1, 1), closing: true}, false,
		},
		{
			"a fence, although the generation was tried again",
			given{requested(1, 1), retry(1, 1, false), requested(1, 2)}, record{call: try(1, 1), outcome: retry(1, 1, true), closing: true}, true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			executor := after(t, test.given...)
			test.command.order = one
			_, test.command.success = test.command.outcome.(saga.PaymentProcessed)
			test.command.operation = &Operation{Step: saga.ProcessPayment, Aggregate: saga.PaymentAggregate}
			receipt, err := executor.Execute(t.Context(), test.command)
			if err != nil || (len(receipt.Events) == 1) != test.recorded {
				t.Errorf("%d events (%v)", len(receipt.Events), err)
			}
		})
	}
}

// after returns an executor whose store holds an order with reserved stock, and the events.
func after(t *testing.T, events ...any) *eventcore.Executor {
	t.Helper()
	store := memory.New(memory.Options{})
	t.Cleanup(func() { _ = store.Close() })
	executor, err := eventcore.NewExecutor(t.Context(), store, saga.NewRegistry(), eventcore.ExecutorOptions{
		AppendOnly: saga.AggregateStreams(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(executor.Close)
	created := saga.OrderCreated{UID: "uid", FlowVersion: 1, CaptureMode: saga.CaptureImmediate, Deadline: time.Now()}
	if _, err := executor.Execute(t.Context(), append(given{created, saga.StockReserved{}}, events...)); err != nil {
		t.Fatal(err)
	}
	return executor
}

func TestWhatComesToLightButFitsNowhereNeedsAttention(t *testing.T) {
	first, second := saga.Call{Generation: 1, Try: 1}, saga.Call{Generation: 2, Try: 1}
	request := func(call saga.Call) any { return saga.PaymentRequested{Call: call} }
	fenced := saga.StepRetryScheduled{Step: saga.ProcessPayment, Generation: 1, Try: 1, Fenced: true}
	paid := func(generation int) any { return saga.PaymentProcessed{Generation: generation} }
	again := saga.OrderCreated{UID: "uid", Attempt: 1, FlowVersion: 1, CaptureMode: saga.CaptureImmediate}
	for name, events := range map[string]given{
		"the next generation is under way":  {request(first), fenced, request(second)},
		"the next generation has succeeded": {request(first), fenced, request(second), paid(2)},
		"the order was completed":           {request(first), fenced, request(second), paid(2), saga.ShipmentCreated{}, saga.OrderCompleted{}},
		"it was of an earlier attempt":      {request(first), fenced, saga.CompensationStarted{}, saga.OrderCancelled{}, again},
	} {
		t.Run(name, func(t *testing.T) {
			receipt, err := after(t, events...).Execute(t.Context(), record{
				order: one, operation: &Operation{Step: saga.ProcessPayment, Aggregate: saga.PaymentAggregate},
				call: first, outcome: paid(1), success: true,
			})
			if err != nil || len(receipt.Events) != 1 {
				t.Fatalf("%d events (%v)", len(receipt.Events), err)
			}
			attention, ok := receipt.Events[0].Payload.(saga.AttentionRequired)
			if !ok || attention.Reason != saga.ReasonHappenedTwice || attention.Step != saga.ProcessPayment {
				t.Errorf("recorded %+v", receipt.Events[0].Payload)
			}
		})
	}
}

func TestWhatAnEarlierAttemptHasRecordedIsNoNews(t *testing.T) {
	call := saga.Call{Generation: 1, Try: 1}
	next := saga.OrderCreated{UID: "uid", Attempt: 2, FlowVersion: 1, CaptureMode: saga.CaptureImmediate}
	executor := after(t, saga.PaymentRequested{Call: call}, saga.PaymentProcessed{Generation: 1}, saga.CompensationStarted{},
		saga.RefundRequested{Call: call}, saga.PaymentRefunded{Generation: 1}, saga.OrderCancelled{}, next, saga.StockReserved{})
	for _, outcome := range []any{saga.PaymentProcessed{Generation: 1}, saga.PaymentVoided{Generation: 1}} {
		_, undo := outcome.(saga.PaymentVoided)
		receipt, err := executor.Execute(t.Context(), record{
			order: one, operation: &Operation{Step: saga.ProcessPayment, Undo: undo, Aggregate: saga.PaymentAggregate},
			attempt: 0, call: call, outcome: outcome, success: true, closing: true,
		})
		if err != nil || len(receipt.Events) != 0 {
			t.Errorf("%+v recorded %+v (%v)", outcome, receipt.Events, err)
		}
	}
}

func TestALateCallOfAnEarlierAttemptClosesNothingOfTheNextOne(t *testing.T) {
	call := saga.Call{Generation: 1, Try: 1}
	next := saga.OrderCreated{UID: "uid", Attempt: 2, FlowVersion: 1, CaptureMode: saga.CaptureImmediate}
	executor := after(t, saga.CompensationStarted{}, saga.OrderCancelled{}, next, saga.StockReserved{}, saga.PaymentRequested{Call: call})
	for _, outcome := range []any{
		saga.PaymentFailed{Generation: 1},
		saga.StepRetryScheduled{Step: saga.ProcessPayment, Generation: 1, Try: 1, Fenced: true},
		saga.OutcomeUnknown{Step: saga.ProcessPayment, Generation: 1, Try: 1},
	} {
		receipt, err := executor.Execute(t.Context(), record{
			order: one, operation: &Operation{Step: saga.ProcessPayment, Aggregate: saga.PaymentAggregate},
			attempt: 1, call: call, outcome: outcome, closing: true,
		})
		if err != nil || len(receipt.Events) != 0 {
			t.Errorf("%T: %d events (%v)", outcome, len(receipt.Events), err)
		}
	}
}
