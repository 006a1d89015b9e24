// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/telemetry"
	"github.com/eventcore/order-operator/eventcore"
)

func TestAWholeOrderIsToldInWordsThatAPersonCanFollow(t *testing.T) {
	s := newShop(t, nil)
	s.orders()
	s.stop()
	want := []string{
		"Stock supplied", "Order accepted", "Stock reserved", "Payment made", "Shipment created",
		"Order completed: the goods are released to the carrier",
	}
	if got := s.lines.messages(); !slices.Equal(got, want) {
		t.Fatalf("the log says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	store := s.store.Identity().StoreID.String()
	for _, line := range s.lines.all[1:] {
		if line["Order"] != "shop/order-001" || line["correlationID"] != store+"/shop/order-001/1" {
			t.Errorf("a line does not name the order: %v", line)
		}
	}
	if paid := s.lines.all[3]; paid["amount"] != "300.00 USD" || paid["reference"] == "" {
		t.Errorf("the payment is told as %v", paid)
	}
	for _, secret := range []string{token, customer, street, "Lovelace"} {
		if strings.Contains(s.lines.raw.String(), secret) {
			t.Errorf("the log says %q:\n%s", secret, s.lines.raw.String())
		}
	}
}

func TestACompletedOrderIsCounted(t *testing.T) {
	s := newShop(t, nil)
	s.orders()
	s.stop()
	s.expects(`
# HELP order_operator_orders_finished_total Orders that have ended, by outcome.
# TYPE order_operator_orders_finished_total counter
order_operator_orders_finished_total{outcome="Cancelled"} 0
order_operator_orders_finished_total{outcome="Completed"} 1
`, "order_operator_orders_finished_total")
	for _, test := range []struct {
		metric string
		labels []string
		want   float64
	}{
		{"order_operator_order_duration_seconds", []string{"outcome=Completed"}, 1},
		{"order_operator_order_step_duration_seconds", []string{"step=ReserveStock"}, 1},
		{"order_operator_order_step_duration_seconds", []string{"step=ProcessPayment"}, 1},
		{"order_operator_order_step_duration_seconds", []string{"step=CreateShipment"}, 1},
		{"order_operator_order_step_duration_seconds", []string{"step=RefundPayment"}, 0},
		{"order_operator_events_total", []string{"type=PaymentRequested"}, 1},
		{"order_operator_events_total", []string{"type=StockSupplied"}, 1},
		{"order_operator_provider_calls_total", []string{"kind=PaymentGateway", "name=default", "verb=do", "result=succeeded"}, 1},
		{"order_operator_provider_calls_total", []string{"kind=Carrier", "name=default", "verb=do", "result=succeeded"}, 1},
		{"order_operator_provider_call_duration_seconds", []string{"kind=Carrier", "name=default", "verb=do"}, 1},
		{"order_operator_store_commit_duration_seconds", nil, 8},
		{"order_operator_store_batch_events", nil, 8},
		{"order_operator_store_conflicts_total", nil, 0},
		{"order_operator_store_errors_total", []string{"reason=unavailable"}, 0},
	} {
		if got := s.value(test.metric, test.labels...); got != test.want {
			t.Errorf("%s%v is %v, want %v", test.metric, test.labels, got, test.want)
		}
	}
}

func TestAnOrderThatTurnsRoundIsCountedByStepAndReason(t *testing.T) {
	s := newShop(t, nil)
	s.token = "sim_decline"
	s.orders()
	s.stop()
	for _, test := range []struct {
		metric string
		labels []string
		want   float64
	}{
		{"order_operator_orders_finished_total", []string{"outcome=Cancelled"}, 1},
		{"order_operator_order_compensations_total", []string{"step=ProcessPayment", "reason=PaymentDeclined"}, 1},
		{"order_operator_order_compensations_total", []string{"step=none", "reason=DeadlineExceeded"}, 0},
		{"order_operator_order_step_duration_seconds", []string{"step=ReleaseStock"}, 1},
		{"order_operator_provider_calls_total", []string{"kind=PaymentGateway", "name=default", "verb=do", "result=refused"}, 1},
	} {
		if got := s.value(test.metric, test.labels...); got != test.want {
			t.Errorf("%s%v is %v, want %v", test.metric, test.labels, got, test.want)
		}
	}
	if said := strings.Join(s.lines.messages(), "\n"); !strings.Contains(said, "Payment refused\nOrder turns round: what was done is undone\nStock released\nOrder cancelled: nothing is left of it") {
		t.Errorf("the log says\n%s", said)
	}
}

func TestALostReplyIsCountedAndLookedUp(t *testing.T) {
	s := newShop(t, nil)
	s.token = "sim_lost_reply"
	s.orders()
	s.stop()
	if unknown := s.value("order_operator_order_unknown_outcomes_total", "step=ProcessPayment"); unknown < 1 {
		t.Errorf("%v unknown outcomes", unknown)
	}
	calls := []string{"kind=PaymentGateway", "name=default"}
	if unknown := s.value("order_operator_provider_calls_total", append(calls, "verb=do", "result=unknown")...); unknown != 1 {
		t.Errorf("%v calls without a reply", unknown)
	}
	if found := s.value("order_operator_provider_calls_total", append(calls, "verb=find", "result=succeeded")...); found < 1 {
		t.Errorf("%v look-ups", found)
	}
	if done := s.value("order_operator_orders_finished_total", "outcome=Completed"); done != 1 {
		t.Errorf("%v completed orders", done)
	}
}

func TestAnOrderThatWasOpenBeforeIsCountedFromItsCreation(t *testing.T) {
	s := newShop(t, nil)
	older := saga.OrderID{Namespace: "shop", Name: "older"}
	s.records(older, saga.StockReserved{}, saga.PaymentProcessed{}, saga.OrderCompleted{})
	s.awaits(func(message string) bool { return strings.HasPrefix(message, "Order completed") })
	s.stop()
	families, err := s.registry.Gather()
	s.must(err)
	for _, family := range families {
		if family.GetName() == "order_operator_order_duration_seconds" {
			if took := family.GetMetric()[1].GetHistogram().GetSampleSum(); took < 3600 {
				t.Errorf("it took %v seconds, although it is an hour old", took)
			}
		}
	}
	// Nobody knows when its first step began.
	if steps := s.value("order_operator_order_step_duration_seconds", "step=ReserveStock"); steps != 0 {
		t.Errorf("a step was measured whose beginning was not seen")
	}
	if steps := s.value("order_operator_order_step_duration_seconds", "step=ProcessPayment"); steps != 1 {
		t.Errorf("the next step was not measured")
	}
}

// given appends events to an order's stream, whatever they are.
type given struct {
	order  saga.OrderID
	events []any
}

func (g given) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{g.order.Stream()} }

func (g given) Handle(b *eventcore.Boundary) error {
	eventcore.Load[saga.Order](b, g.order.Stream())
	for _, payload := range g.events {
		if err := b.Append(payload, g.order.Stream()); err != nil {
			return err
		}
	}
	return nil
}

// records has the events recorded by another process.
func (s *shop) records(id saga.OrderID, events ...any) {
	s.Helper()
	executor, err := eventcore.NewExecutor(s.Context(), s.store, saga.NewRegistry(), eventcore.ExecutorOptions{})
	s.must(err)
	defer executor.Close()
	_, err = executor.Execute(s.Context(), given{id, events})
	s.must(err)
}

func TestAScrapeTellsWhatOrdersWaitForAndWhoIsAsked(t *testing.T) {
	s := newShop(t, nil)
	waiting := &saga.StepWaiting{Step: saga.ProcessPayment, Reason: saga.ReasonWaitingForGateway, Name: "away"}
	asked := &saga.AttentionRequired{Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonRefundRefused}
	caughtUp := false
	if up := s.value("order_operator_store_up"); up != 0 {
		t.Error("a store that is not open is up")
	}
	unwatch := s.telemetry.Watch(telemetry.Sources{
		Store:    s.store,
		Executor: func() eventcore.Stats { return eventcore.Stats{CacheHits: 3} },
		Circuits: map[saga.Service]func() map[string]guard.Circuits{saga.PaymentService: func() map[string]guard.Circuits {
			return map[string]guard.Circuits{"default": {
				Undoing: guard.Circuit{State: guard.Closed}, LookingUp: guard.Circuit{State: guard.HalfOpen},
				Acting: guard.Circuit{State: guard.Open},
			}}
		}},
		CaughtUp: func() bool { return caughtUp },
		Open: func() (map[saga.OrderID]saga.OpenOrder, error) {
			return map[saga.OrderID]saga.OpenOrder{
				{Name: "a"}: {}, {Name: "b"}: {Waiting: waiting}, {Name: "c"}: {Ended: true, Attention: asked},
			}, nil
		},
		Lag: func(context.Context) (uint64, time.Duration, error) { return 7, time.Minute, nil },
	})
	s.stop()
	families, err := s.registry.Gather()
	s.must(err)
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "order_operator_orders_open") {
			t.Errorf("%s is told before it is known", family.GetName())
		}
	}
	caughtUp = true
	for _, test := range []struct {
		metric string
		labels []string
		want   float64
	}{
		{"order_operator_orders_open", nil, 2},
		{"order_operator_orders_waiting", []string{"reason=WaitingForGateway"}, 1},
		{"order_operator_orders_waiting", []string{"reason=WaitingForProduct"}, 0},
		{"order_operator_orders_needing_attention", []string{"reason=RefundRefused"}, 1},
		{"order_operator_orders_needing_attention", []string{"reason=OutcomeUnknown"}, 0},
		{"order_operator_circuit_state", []string{"kind=PaymentGateway", "name=default", "calls=acting"}, 2},
		{"order_operator_circuit_state", []string{"kind=PaymentGateway", "name=default", "calls=looking_up"}, 1},
		{"order_operator_circuit_state", []string{"kind=PaymentGateway", "name=default", "calls=undoing"}, 0},
		{"order_operator_cache_hits_total", nil, 3},
		{"order_operator_store_up", nil, 1},
		{"order_operator_feed_lag_events", nil, 7},
		{"order_operator_feed_lag_seconds", nil, 60},
	} {
		if got := s.value(test.metric, test.labels...); got != test.want {
			t.Errorf("%s%v is %v, want %v", test.metric, test.labels, got, test.want)
		}
	}
	s.must(s.store.Close())
	if up := s.value("order_operator_store_up"); up != 0 {
		t.Error("a store that is closed is up")
	}
	unwatch()
	if up := s.value("order_operator_store_up"); up != 0 {
		t.Error("a store that nobody works on is up")
	}
}

func TestErrorsOfTheStoreAreToldApart(t *testing.T) {
	s := newShop(t, nil)
	for _, err := range []error{
		eventcore.ErrConflict, eventcore.ErrOutcomeUnknown, eventcore.ErrRolledBack, eventcore.ErrTooLarge, eventcore.ErrClosed,
	} {
		s.telemetry.Committed(eventcore.Commit{Commands: 1, Events: 1, Took: time.Second, Err: err})
	}
	if conflicts := s.value("order_operator_store_conflicts_total"); conflicts != 1 {
		t.Errorf("%v conflicts", conflicts)
	}
	for _, reason := range []string{"unknown_outcome", "rolled_back", "too_large", "unavailable"} {
		if errors := s.value("order_operator_store_errors_total", "reason="+reason); errors != 1 {
			t.Errorf("%v errors of the reason %s", errors, reason)
		}
	}
	if commits := s.value("order_operator_store_commit_duration_seconds"); commits != 0 {
		t.Errorf("%v of the failures were measured as commits", commits)
	}
}

func TestTellingOfACommitAllocatesNothing(t *testing.T) {
	s := newShop(t, nil)
	s.stop()
	commit := eventcore.Commit{Commands: 3, Events: 5, Took: time.Millisecond}
	if allocations := testing.AllocsPerRun(1000, func() { s.telemetry.Committed(commit) }); allocations > 0 {
		t.Errorf("%v allocations", allocations)
	}
	if s.telemetry.Executing() != nil {
		t.Error("without traces, commands are watched")
	}
}
