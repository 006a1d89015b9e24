// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package watch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/controllers/watch"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

var (
	storeID = uuid.MustParse("00000000-0000-4000-8000-000000000001")
	orderID = saga.OrderID{Namespace: "shop", Name: "order-001"}
	pen     = orderID.Product("pen")
	three   = []saga.StockLine{{Product: pen.Name, Quantity: 3}}
	total   = saga.Money{Currency: "USD", Minor: 1500}
)

var errStore = errors.New("the disk is gone")

// bench is a store with a watcher. It is used within a synctest bubble.
type bench struct {
	*testing.T
	eventcore.Store
	watcher *watch.Watcher
	metrics *prometheus.Registry
	woken   []string
	log     *logged
	// saves counts the writes of the read model, appends those of events.
	saves, appends int
	broken         atomic.Bool
	cancel         context.CancelFunc
	ended          chan error
}

func newBench(t *testing.T, store eventcore.Store) *bench {
	t.Helper()
	b := &bench{T: t, Store: store, log: &logged{}}
	b.run()
	t.Cleanup(func() { b.stop() })
	return b
}

// run starts a process, which knows nothing of the one before.
func (b *bench) run() {
	b.Helper()
	b.metrics, b.woken, b.ended = prometheus.NewRegistry(), nil, make(chan error, 1)
	var err error
	b.watcher, err = watch.New(watch.Options{
		Store: countingStore{b.Store, b}, Metrics: b.metrics, Logger: b.log.logger(), Clock: time.Now,
		Wake: func(touched feed.Touched) {
			for _, id := range touched.Orders {
				b.woken = append(b.woken, id.String())
			}
			for _, id := range touched.Products {
				b.woken = append(b.woken, id.String())
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	var ctx context.Context
	ctx, b.cancel = context.WithCancel(context.Background())
	go func() { b.ended <- b.watcher.Run(ctx) }()
	synctest.Wait()
}

func (b *bench) stop() {
	b.cancel()
	if err := <-b.ended; err != nil {
		b.Error(err)
	}
}

// records appends events of the order, or of the product.
func (b *bench) records(payloads ...any) {
	b.Helper()
	registry := saga.NewRegistry()
	for _, payload := range payloads {
		event, err := registry.Encode(payload)
		if err != nil {
			b.Fatal(err)
		}
		event.ID, event.RecordedAt = uuid.New(), time.Now()
		head, err := b.Head(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		event.Metadata = eventcore.Metadata{
			CorrelationID: storeID.String() + "/" + orderID.String() + "/1", Actor: "service", Causation: head,
		}
		event.Streams = streamsOf(payload)
		request := eventcore.AppendRequest{ID: uuid.New(), Events: []eventcore.Event{event}}
		if _, err := b.Append(b.Context(), request); err != nil {
			b.Fatal(err)
		}
	}
	synctest.Wait()
}

func streamsOf(payload any) []eventcore.Membership {
	order, product := eventcore.Membership{Stream: orderID.Stream()}, eventcore.Membership{Stream: pen.Stream()}
	switch payload.(type) {
	case saga.StockSupplied:
		return []eventcore.Membership{product}
	case saga.StockReserved, saga.StockReservationReleased, saga.OrderCompleted:
		return []eventcore.Membership{order, product}
	}
	return []eventcore.Membership{order}
}

func call(step string) saga.Call {
	return saga.Call{
		Generation: 1, Try: 1, Key: storeID.String() + "/" + orderID.String() + "/1/" + step + "/1", Deadline: time.Now().Add(10 * time.Second),
	}
}

// begin is an order that has its stock.
func begin() []any {
	return []any{
		saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 10}}},
		saga.OrderCreated{
			UID: "uid-1", Attempt: 1, Lines: []saga.Line{{Product: pen.Name, Quantity: 3, UnitPrice: saga.Money{Currency: "USD", Minor: 500}}},
			Total: total, CaptureMode: saga.CaptureImmediate, Deadline: time.Now().Add(time.Hour), FlowVersion: 1,
		},
		saga.StockReserved{Lines: three},
	}
}

func charge() []any {
	return []any{
		saga.PaymentRequested{Call: call(saga.ProcessPayment), Amount: total},
		saga.PaymentProcessed{Generation: 1, Reference: "ch_1", Amount: total},
	}
}

func ship() []any {
	return []any{
		saga.ShipmentRequested{Call: call(saga.CreateShipment)}, saga.ShipmentCreated{Generation: 1, Reference: "sh_1"},
		saga.OrderCompleted{Lines: three},
	}
}

// metric returns the value of the counter of the rule, or of the gauge for an empty one.
func (b *bench) metric(name string, rule verify.Rule) float64 {
	b.Helper()
	families, err := b.metrics.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, row := range family.GetMetric() {
			if labels := row.GetLabel(); rule == "" || len(labels) == 1 && labels[0].GetName() == "rule" && labels[0].GetValue() == string(rule) {
				return row.GetCounter().GetValue() + row.GetGauge().GetValue()
			}
		}
	}
	b.Fatalf("there is no metric %s of %q", name, rule)
	return 0
}

func (b *bench) violations(rule verify.Rule) float64 {
	b.Helper()
	return b.metric("order_operator_invariant_violations_total", rule)
}

func (b *bench) expectOrder(wanted string) {
	b.Helper()
	got, known := b.watcher.Order(orderID)
	if !known || !strings.HasPrefix(got, wanted) || wanted == "" && got != "" {
		b.Errorf("the order is said to be %q (known %t), wanted %q", got, known, wanted)
	}
}

// pass lets time go by.
func (b *bench) pass(span time.Duration) {
	time.Sleep(span)
	synctest.Wait()
}

func newStore() eventcore.Store { return memory.New(memory.Options{StoreID: storeID}) }

func TestACleanOrderIsNoNewsAndCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newStore())
		b.records(slices.Concat(begin(), charge(), ship())...)
		b.pass(time.Hour)
		b.expectOrder("")
		for _, rule := range slices.Concat(verify.Always(), verify.AtRest()) {
			if count := b.violations(rule); count != 0 {
				t.Errorf("%v violations of %s", count, rule)
			}
		}
		if len(b.woken) > 0 || len(b.log.lines) > 0 {
			t.Errorf("woke %q, logged %q", b.woken, b.log.lines)
		}
		// The product's books, once: the order's came and went.
		if b.saves != 1 || b.appends != 0 {
			t.Errorf("%d writes of the read model and %d of events, wanted 1 and 0", b.saves, b.appends)
		}
	})
}

func TestAViolationIsCountedLoggedAndToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newStore())
		b.records(slices.Concat(begin(), charge())...)
		b.expectOrder("")
		b.records(saga.StockReserved{Lines: three})
		b.expectOrder(string(verify.ReservedOnce) + ": ")
		if count := b.violations(verify.ReservedOnce); count != 1 {
			t.Errorf("counted %v, wanted 1", count)
		}
		if !slices.Equal(b.woken[:1], []string{orderID.String()}) {
			t.Errorf("woke %q", b.woken)
		}
		line := b.log.lines[0]
		for _, part := range []string{`"rule"="ReservedOnce"`, `"object"="order shop/order-001"`, `"positions"=[3 6]`, `"explanation"="`} {
			if !strings.Contains(line, part) {
				t.Errorf("%s is not in %s", part, line)
			}
		}
	})
}

func TestWhatAProcessHasFoundItsSuccessorKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newStore())
		b.records(slices.Concat(begin(), []any{saga.StockReserved{Lines: three}})...)
		b.stop()
		if up := b.metric("order_operator_invariant_checker_up", ""); up != 0 {
			t.Error("it says that it runs, and does not")
		}
		b.run()
		b.expectOrder(string(verify.ReservedOnce) + ": ")
		if !slices.Contains(b.woken, orderID.String()) {
			t.Errorf("woke %q", b.woken)
		}
		if count := b.violations(verify.ReservedOnce); count != 0 {
			t.Errorf("it counts what another process has counted: %v", count)
		}
	})
}

func TestAProductIsToldOfToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newStore())
		b.records(begin()[0], saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 4}}})
		if violation, _ := b.watcher.Product(pen); !strings.HasPrefix(violation, string(verify.SupplyOnlyGrows)+": ") {
			t.Errorf("the product is said to be %q", violation)
		}
		if !slices.Equal(b.woken, []string{pen.String()}) {
			t.Errorf("woke %q", b.woken)
		}
	})
}

func TestAnOrderThatIsStuckIsToldOfUntilItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newStore())
		b.records(slices.Concat(begin(), charge())...)
		b.pass(10 * time.Minute)
		b.expectOrder("")
		b.pass(2 * time.Minute)
		b.expectOrder(string(verify.NothingStuck) + ": ")
		b.pass(time.Hour)
		if count := b.violations(verify.NothingStuck); count != 1 || len(b.woken) != 1 {
			t.Errorf("counted %v times, woken %q; wanted once", count, b.woken)
		}
		b.records(ship()...)
		b.pass(time.Minute)
		b.expectOrder("")
		if len(b.woken) != 2 {
			t.Errorf("woke %q, wanted the order once more", b.woken)
		}
	})
}

func TestAnOrderThatWasDueWhileNoOperatorRanIsGivenTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newStore())
		b.records(slices.Concat(begin(), charge())...)
		b.stop()
		b.pass(24 * time.Hour)
		b.run()
		b.pass(9 * time.Minute)
		b.expectOrder("")
		b.pass(3 * time.Minute)
		b.expectOrder(string(verify.NothingStuck) + ": ")
	})
}

func TestACheckerThatFailsSaysSoAndStartsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newStore())
		if up := b.metric("order_operator_invariant_checker_up", ""); up != 1 {
			t.Error("it runs, and says that it does not")
		}
		b.broken.Store(true)
		b.records(slices.Concat(begin(), []any{saga.StockReserved{Lines: three}})...)
		b.pass(6 * time.Second)
		if up := b.metric("order_operator_invariant_checker_up", ""); up != 0 {
			t.Error("it says that it runs although it can't save")
		}
		b.expectOrder(string(verify.ReservedOnce) + ": ")
		b.broken.Store(false)
		b.pass(time.Minute)
		if up := b.metric("order_operator_invariant_checker_up", ""); up != 1 {
			t.Error("it has not started again")
		}
		if !slices.ContainsFunc(b.log.lines, func(line string) bool { return strings.Contains(line, errStore.Error()) }) {
			t.Errorf("the error is not logged: %q", b.log.lines)
		}
	})
}

func TestNothingIsKnownBeforeTheCheckerHasLooked(t *testing.T) {
	w, err := watch.New(watch.Options{
		Store: newStore(), Metrics: prometheus.NewRegistry(), Wake: func(feed.Touched) {}, Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, known := w.Order(orderID); known {
		t.Error("it claims to know")
	}
}
