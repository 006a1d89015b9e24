// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/eventcore/order-operator/controllers/ledger"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/controllers/telemetry"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// What nobody may read in a log, a metric or a trace.
const (
	token    = "sim_approve"
	customer = "customer-4711"
	street   = "12 St James's Square"
)

var (
	orderID = saga.OrderID{Namespace: "shop", Name: "order-001"}
	mouse   = orderID.Product("mouse-001")
)

// shop is the four services at work, with a Telemetry that watches them.
type shop struct {
	*testing.T
	store     eventcore.Store
	runner    *runner.Runner
	telemetry *telemetry.Telemetry
	follower  *telemetry.Follower
	registry  *prometheus.Registry
	lines     *lines
	payments  payment.Provider
	shipments shipping.Provider
	// token is what the order pays with.
	token string
	stop  func()
}

// lines are those of a log.
type lines struct {
	mu   sync.Mutex
	all  []map[string]any
	raw  strings.Builder
	news chan struct{}
}

func (l *lines) logger() logr.Logger {
	return funcr.NewJSON(func(line string) {
		var values map[string]any
		if err := json.Unmarshal([]byte(line), &values); err != nil {
			panic(err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = append(l.all, values)
		l.raw.WriteString(line + "\n")
		select {
		case l.news <- struct{}{}:
		default:
		}
	}, funcr.Options{})
}

func (l *lines) messages() (messages []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		messages = append(messages, line["msg"].(string))
	}
	return messages
}

// newShop starts the services. traces may be nil.
func newShop(t *testing.T, traces *telemetry.Traces) *shop {
	t.Helper()
	s := &shop{
		T: t, store: memory.New(memory.Options{}), registry: prometheus.NewPedanticRegistry(),
		lines: &lines{news: make(chan struct{}, 1)}, token: token,
	}
	s.payments = simulatedpayment.New(s.ledger(), simulatedpayment.Options{})
	s.shipments = simulatedshipping.New(s.ledger(), simulatedshipping.Options{})
	var err error
	s.telemetry, err = telemetry.New(telemetry.Options{
		Metrics: s.registry, Logger: s.lines.logger(), Traces: traces, Clock: time.Now,
	})
	s.must(err)
	s.follower = s.telemetry.Follower(s.store)
	s.follower.Begin(0, map[saga.OrderID]saga.OpenOrder{{Namespace: "shop", Name: "older"}: {Since: time.Now().Add(-time.Hour)}})
	s.runner, err = runner.New(t.Context(), s.store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: gateways{s}, Carriers: carriers{s}, Tokens: s, CallTimeout: time.Second,
		Report: func(id saga.OrderID, err error) { t.Errorf("order %s: %v", id, err) },
		Observer: runner.Observer{
			Committed: s.telemetry.Committed, Executing: s.telemetry.Executing(), Asking: s.telemetry.Asking,
		},
	}})
	s.must(err)
	s.run()
	return s
}

func (s *shop) run() {
	ctx, cancel := context.WithCancel(s.Context())
	var running sync.WaitGroup
	running.Go(func() { s.must(s.runner.Run(ctx)) })
	running.Go(func() { s.must(s.follower.Run(ctx)) })
	s.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	s.Cleanup(func() {
		s.stop()
		_ = s.store.Close()
	})
}

func (s *shop) ledger() *ledger.Ledger {
	s.Helper()
	opened, err := ledger.Open(s.Context(), "")
	s.must(err)
	s.Cleanup(func() { _ = opened.Close() })
	return opened
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

type (
	gateways struct{ *shop }
	carriers struct{ *shop }
)

func (g gateways) Provider(name string) (payment.Provider, bool) {
	return g.payments, name == "default"
}
func (c carriers) Provider(name string) (shipping.Provider, bool) {
	return c.shipments, name == "default"
}

// Token implements payment.Tokens.
func (s *shop) Token(context.Context, saga.OrderID, func(string) bool) (string, bool, error) {
	return s.token, true, nil
}

// orders has the order of two mice carried out, and returns when its end is told.
func (s *shop) orders(changes ...func(*saga.OrderCreated)) {
	s.Helper()
	s.must(s.runner.Inventory.Supply(s.Context(), mouse, []saga.SupplyTotal{{Source: "factory", Received: 10}}))
	usd := func(minor int64) saga.Money { return saga.Money{Currency: "USD", Minor: minor} }
	content := saga.OrderCreated{
		UID: "uid", Customer: saga.Customer{ID: customer}, Total: usd(30_000),
		Lines:   []saga.Line{{Product: mouse.Name, Quantity: 2, UnitPrice: usd(15_000)}},
		Gateway: "default", CaptureMode: saga.CaptureImmediate, Carrier: "default",
		Address: saga.Address{Name: "Ada Lovelace", Lines: []string{street}, City: "London", Country: "GB"},
	}
	for _, change := range changes {
		change(&content)
	}
	s.must(s.runner.Order.Accept(s.Context(), orderID, content))
	s.awaits(func(message string) bool {
		return strings.HasPrefix(message, "Order completed") || strings.HasPrefix(message, "Order cancelled")
	})
}

// awaits waits for a line of the log.
func (s *shop) awaits(wanted func(message string) bool) {
	s.Helper()
	timeout := time.After(30 * time.Second)
	for !slices.ContainsFunc(s.lines.messages(), wanted) {
		select {
		case <-s.lines.news:
		case <-timeout:
			s.Fatalf("the log does not say so:\n%s", s.lines.raw.String())
		}
	}
}

// expects fails unless the metric's rows are these, in the order of their labels.
func (s *shop) expects(rows string, names ...string) {
	s.Helper()
	if err := testutil.GatherAndCompare(s.registry, strings.NewReader(rows), names...); err != nil {
		s.Error(err)
	}
}

// value returns the value of the row with the labels, as in a=b.
func (s *shop) value(name string, labels ...string) float64 {
	s.Helper()
	families, err := s.registry.Gather()
	s.must(err)
	for _, family := range families {
		for _, row := range family.GetMetric() {
			var found []string
			for _, pair := range row.GetLabel() {
				found = append(found, pair.GetName()+"="+pair.GetValue())
			}
			slices.Sort(labels)
			if family.GetName() == name && slices.Equal(found, labels) {
				return row.GetCounter().GetValue() + row.GetGauge().GetValue() + float64(row.GetHistogram().GetSampleCount())
			}
		}
	}
	s.Fatalf("no row %s%v", name, labels)
	return 0
}
