// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package fraud_test

import (
	"cmp"
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/ledger"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

var storeID = uuid.MustParse("00000000-0000-4000-8000-000000000001")

// laptop is what all orders are about: one, at 1200.00 USD.
var (
	laptop = saga.ProductID{Namespace: "shop", Name: "laptop-001"}
	price  = saga.Money{Currency: "USD", Minor: 120_000}
)

// shop is a store and the world outside. Processes come and go. It must be made, and used, within a synctest bubble.
type shop struct {
	t     *testing.T
	store eventcore.Store
	books *ledger.Ledger
}

func newShop(t *testing.T) *shop {
	t.Helper()
	books, err := ledger.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = books.Close() })
	return &shop{t: t, store: memory.New(memory.Options{StoreID: storeID}), books: books}
}

// gateways and carriers know one provider each.
type (
	gateways struct{ provider payment.Provider }
	carriers struct{ provider shipping.Provider }
)

func (g gateways) Provider(string) (payment.Provider, bool)  { return g.provider, true }
func (c carriers) Provider(string) (shipping.Provider, bool) { return c.provider, true }

// tokens are those of orders by name; all others are approved.
type tokens map[string]string

func (t tokens) Token(_ context.Context, id saga.OrderID, _ func(string) bool) (string, bool, error) {
	return cmp.Or(t[id.Name], "sim_approve"), true, nil
}

// start runs a process with the four services, and whatever more there are.
func (s *shop) start(more ...runner.NewService) (services *runner.Runner, stop func()) {
	s.t.Helper()
	services, err := runner.New(s.t.Context(), s.store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: gateways{simulatedpayment.New(s.books, simulatedpayment.Options{})},
		Carriers: carriers{simulatedshipping.New(s.books, simulatedshipping.Options{})},
		Tokens:   tokens{"old": "sim_slow_60"},
		Jitter:   func() float64 { return 0.5 },
		More:     more,
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := services.Inventory.Supply(s.t.Context(), laptop, []saga.SupplyTotal{{Source: "factory", Received: 10}}); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- services.Run(ctx) }()
	return services, func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
}

func orderID(name string) saga.OrderID { return saga.OrderID{Namespace: "shop", Name: name} }

// anOrder is one laptop in the flow, 0 for the program's current one.
func anOrder(name string, flow int) saga.OrderCreated {
	return saga.OrderCreated{
		UID: name, Customer: saga.Customer{ID: "cust-123"}, FlowVersion: flow,
		Lines: []saga.Line{{Product: laptop.Name, Quantity: 1, UnitPrice: price}}, Total: price,
		Gateway: "default", CaptureMode: saga.CaptureImmediate, Carrier: "default",
		Address: saga.Address{Name: "Ada Example", Lines: []string{"1 Sample Street"}, City: "Springfield", Country: "US"},
	}
}

// submit has the services accept the order.
func (s *shop) submit(services *runner.Runner, name string, content saga.OrderCreated) {
	s.t.Helper()
	if err := services.Order.Accept(s.t.Context(), orderID(name), content); err != nil {
		s.t.Fatal(err)
	}
}

// way is the types of the order's events.
func (s *shop) way(name string) string {
	s.t.Helper()
	var types []string
	query := eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{orderID(name).Stream()}}}
	for event, err := range s.store.Read(s.t.Context(), query) {
		if err != nil {
			s.t.Fatal(err)
		}
		types = append(types, event.Type)
	}
	return strings.Join(types, " ")
}

// expect demands the order's way, and that the gateway's own books agree with its end.
func (s *shop) expect(services *runner.Runner, name, way string, charged, refunded int64) {
	s.t.Helper()
	if got := s.way(name); got != way {
		s.t.Errorf("%s took the way\n%s, want\n%s", name, got, way)
	}
	folded, err := services.Order.Order(s.t.Context(), orderID(name))
	if err != nil {
		s.t.Fatal(err)
	}
	balances, err := ledger.Balances(s.t.Context(), s.books)
	if err != nil {
		s.t.Fatal(err)
	}
	balance := balances[saga.CorrelationID(storeID.String(), folded)]
	if balance.Charged.Minor != charged || balance.Refunded.Minor != refunded {
		s.t.Errorf("%s was charged %s and refunded %s", name, balance.Charged, balance.Refunded)
	}
}

// expectStock demands so many laptops shipped, and none reserved.
func (s *shop) expectStock(services *runner.Runner, shipped int64) {
	s.t.Helper()
	stock, err := services.Inventory.Stock(s.t.Context(), laptop)
	if err != nil || stock.Shipped != shipped || stock.Reserved != 0 {
		s.t.Errorf("%+v (%v), want %d shipped and none reserved", stock, err, shipped)
	}
}
