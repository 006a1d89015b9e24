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
		{"a success after a refusal", given{requested(1, 1), failed}, record{call: try(1, 1), outcome: paid}, false},
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
			store := memory.New(memory.Options{})
			defer func() { _ = store.Close() }()
			registry := saga.NewRegistry()
			executor, err := eventcore.NewExecutor(t.Context(), store, registry, eventcore.ExecutorOptions{AppendOnly: saga.AggregateStreams()})
			if err != nil {
				t.Fatal(err)
			}
			defer executor.Close()
			created := saga.OrderCreated{UID: "uid", FlowVersion: 1, Deadline: time.Now()}
			before := append(given{created, saga.StockReserved{}}, test.given...)
			if _, err := executor.Execute(t.Context(), before); err != nil {
				t.Fatal(err)
			}
			test.command.order = one
			test.command.operation = &Operation{Step: saga.ProcessPayment, Aggregate: saga.PaymentAggregate}
			receipt, err := executor.Execute(t.Context(), test.command)
			if err != nil || (len(receipt.Events) == 1) != test.recorded {
				t.Errorf("%d events (%v)", len(receipt.Events), err)
			}
		})
	}
}
