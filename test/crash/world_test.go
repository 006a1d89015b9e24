// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"context"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/test/crashpoint"
	"github.com/eventcore/order-operator/test/harness"
)

// orderID is that of the order of every scenario.
var orderID = saga.OrderID{Namespace: "shop", Name: "order-001"}

// world is what outlives the operator's processes: the API server, the event store and the providers' ledgers.
type world struct {
	t     *testing.T
	begin time.Time
	api   *server
	// store is the event store, payments and shipments are the providers' books.
	store               eventcore.Store
	payments, shipments *ledger.Ledger
	points              *crashpoint.Points
}

// newWorld must be called, and used, within a synctest bubble.
func newWorld(t *testing.T, dying ...string) *world {
	t.Helper()
	w := &world{
		t: t, begin: time.Now(), api: newServer(), store: memory.New(memory.Options{}), points: crashpoint.New(dying...),
	}
	w.payments, w.shipments = openLedger(t), openLedger(t)
	return w
}

func openLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	opened, err := ledger.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

// create creates the objects as their users do.
func (w *world) create(objects ...client.Object) error {
	for _, object := range objects {
		if err := w.api.Create(context.Background(), object); err != nil {
			return err
		}
	}
	return nil
}

// change updates the Order as its user does.
func (w *world) change(change func(*commercev1.Order)) error {
	for {
		var object commercev1.Order
		if err := w.api.Get(context.Background(), client.ObjectKey(orderID), &object); err != nil {
			return err
		}
		change(&object)
		if err := w.api.Update(context.Background(), &object); !apierrors.IsConflict(err) {
			return err
		}
	}
}

func newProduct(name string, units int64) *commercev1.Product {
	return &commercev1.Product{
		ObjectMeta: metav1.ObjectMeta{Namespace: orderID.Namespace, Name: name},
		Spec: commercev1.ProductSpec{Supply: []commercev1.ProductSupply{
			{Source: "warehouse", Received: &units, Removed: new(int64(0))},
		}},
	}
}

func newGateway() *commercev1.PaymentGateway {
	return &commercev1.PaymentGateway{
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
		Spec:       commercev1.PaymentGatewaySpec{Provider: commercev1.PaymentGatewayProvider{Simulated: &commercev1.SimulatedPaymentProvider{}}},
	}
}

func newCarrier() *commercev1.Carrier {
	return &commercev1.Carrier{
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
		Spec:       commercev1.CarrierSpec{Provider: commercev1.CarrierProvider{Simulated: &commercev1.SimulatedCarrierProvider{}}},
	}
}

// newOrder is one laptop and two mice.
func newOrder(changes ...func(*commercev1.Order)) *commercev1.Order {
	object := &commercev1.Order{
		ObjectMeta: metav1.ObjectMeta{Namespace: orderID.Namespace, Name: orderID.Name},
		Spec: commercev1.OrderSpec{
			Customer: commercev1.Customer{ID: "cust-123"},
			Currency: "USD",
			Items: []commercev1.OrderItem{
				{ProductName: "laptop-001", Quantity: 1, UnitPrice: "1200.00"},
				{ProductName: "mouse-001", Quantity: 2, UnitPrice: "150.00"},
			},
			Payment: commercev1.OrderPayment{GatewayName: "default", Token: "sim_approve"},
			Shipping: commercev1.OrderShipping{CarrierName: "default", Address: commercev1.Address{
				Name: "Ada Example", Lines: []string{"1 Sample Street"}, City: "Springfield", Country: "US",
			}},
		},
	}
	for _, change := range changes {
		change(object)
	}
	return object
}

// events returns how many events there are.
func (w *world) events() (count int) {
	w.t.Helper()
	for _, err := range w.store.Read(context.Background(), eventcore.Query{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		count++
	}
	return count
}

// books are what the store, the providers and the API server say.
func (w *world) books() *harness.Books {
	w.t.Helper()
	witness := &harness.Witness{Store: w.store, Payments: w.payments, Shipments: w.shipments}
	books, err := harness.ReadBooks(context.Background(), witness, w.api, orderID.Namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	return books
}

// order is the fold of the order.
func (w *world) order() saga.Order {
	if book := w.books().Orders[orderID]; book != nil {
		return book.Order
	}
	return saga.Order{}
}

// history returns the types of the order's events.
func (w *world) history() (types []string) {
	w.t.Helper()
	query := eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{orderID.Stream()}}}
	for event, err := range w.store.Read(context.Background(), query) {
		if err != nil {
			w.t.Fatal(err)
		}
		types = append(types, event.Type)
	}
	return types
}

// saw waits for the first event of the type.
func (w *world) saw(ctx context.Context, eventType string) bool {
	filter := eventcore.Filter{Streams: []eventcore.StreamID{orderID.Stream()}}
	for batch, err := range w.store.Subscribe(ctx, 0, filter) {
		if err != nil {
			return false
		}
		if slices.ContainsFunc(batch.Events, func(e eventcore.Event) bool { return e.Type == eventType }) {
			return true
		}
	}
	return false
}

// audit demands that events, providers' books and statuses agree, by all rules. The world is at rest.
func (w *world) audit() {
	w.t.Helper()
	for _, violation := range harness.Audit(w.books()) {
		w.t.Error(violation)
	}
}
