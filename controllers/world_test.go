// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/inventory"
	"github.com/eventcore/order-operator/controllers/kube"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/payment"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/shipping"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
	"github.com/eventcore/order-operator/test/harness"
)

// clock stands still until it is advanced.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(span time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(span)
}

// countingStore counts the appends that write events.
type countingStore struct {
	eventcore.Store
	appends atomic.Int64
}

func (s *countingStore) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if len(request.Events) > 0 {
		s.appends.Add(1)
	}
	return s.Store.Append(ctx, request)
}

// world is an operator whose reconcilers are stepped by hand: a real API server, a memory store, simulated providers with ledgers.
type world struct {
	*testing.T
	namespace string
	clock     *clock
	store     *countingStore
	services  *runner.Services
	feed      *feed.Feed
	payments  *ledger.Ledger
	shipments *ledger.Ledger
	// client is the operator's; writes counts what it changes.
	client client.Client
	writes atomic.Int64
	// events holds the Kubernetes Events that were reported.
	events *events.FakeRecorder

	orders   *order.Reconciler
	products *inventory.ProductReconciler
	gateways *payment.GatewayReconciler
	carriers *shipping.CarrierReconciler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		T: t, namespace: newNamespace(t),
		clock:  &clock{now: time.Now().UTC().Truncate(time.Second)},
		store:  &countingStore{Store: memory.New(memory.Options{})},
		events: events.NewFakeRecorder(100),
	}
	w.payments, w.shipments = openLedger(t), openLedger(t)
	w.client = w.newClient()
	var err error
	secrets := kube.Secrets{Reader: w.client, Namespace: w.namespace}
	gateways := &payment.Gateways{
		Reader: w.client, Secrets: secrets, Clock: w.clock.Now,
		Simulated: simulatedpayment.New(w.payments, simulatedpayment.Options{}),
	}
	carriers := &shipping.Carriers{
		Reader: w.client, Secrets: secrets, Clock: w.clock.Now,
		Simulated: simulatedshipping.New(w.shipments, simulatedshipping.Options{}),
	}
	w.services, err = runner.NewServices(t.Context(), w.store, runner.ServicesOptions{
		Gateways: gateways,
		Carriers: carriers,
		Tokens:   payment.Tokens{Reader: w.client},
		Clock:    w.clock.Now,

		GatewaySettings: payment.Settings(w.client),
		CarrierSettings: shipping.Settings(w.client),

		Report: func(id saga.OrderID, err error) { t.Errorf("order %s: %v", id, err) },
	})
	w.must(err)
	t.Cleanup(func() {
		w.services.Close()
		w.audit()
		_ = w.store.Close()
	})
	w.feed = feed.New(w.store)
	identity := w.store.Identity()
	w.orders = w.orderReconciler(w.client)
	w.products = &inventory.ProductReconciler{Client: w.client, Engine: w.services.Inventory, Identity: identity, Clock: w.clock.Now}
	usage := kube.Usage{
		Open:  func(context.Context) (map[saga.OrderID]saga.OpenOrder, error) { return w.openOrders() },
		Order: w.services.Order.Order,
	}
	w.gateways = &payment.GatewayReconciler{
		Client: w.client, Arrived: w.feed.Arrived, Gateways: gateways, Usage: usage, Clock: w.clock.Now,
	}
	w.carriers = &shipping.CarrierReconciler{
		Client: w.client, Arrived: w.feed.Arrived, Carriers: carriers, Usage: usage, Clock: w.clock.Now,
	}
	return w
}

// orderReconciler returns a reconciler that knows nothing of what others have seen, as after a start.
func (w *world) orderReconciler(cached client.Client) *order.Reconciler {
	return &order.Reconciler{
		Client: cached, Live: w.client, Recorder: w.events, Engine: w.services.Order,
		Open: w.openOrders, CaughtUp: func() bool { return true },
		Identity: w.store.Identity(), Clock: w.clock.Now,
	}
}

// openOrders is the projection of open orders, brought up to date.
func (w *world) openOrders() (map[saga.OrderID]saga.OpenOrder, error) {
	projector, err := eventcore.NewProjector(w.Context(), w.store, saga.NewRegistry(), saga.OpenOrders(), eventcore.ProjectorOptions{})
	if err != nil {
		return nil, err
	}
	if err := projector.CatchUp(w.Context()); err != nil {
		return nil, err
	}
	return saga.ListOpenOrders(projector.Documents())
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

// audit demands that each status that was written is the projection of its events.
func (w *world) audit() {
	w.Helper()
	witness := &harness.Witness{Store: w.store, Payments: w.payments, Shipments: w.shipments}
	books, err := harness.ReadBooks(context.Background(), witness, admin, w.namespace)
	w.must(err)
	for _, violation := range harness.Statuses(books) {
		w.Error(violation)
	}
}

func (w *world) newClient() client.Client {
	plain, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	w.must(err)
	return interceptor.NewClient(plain, interceptor.Funcs{
		SubResourceUpdate: func(ctx context.Context, c client.Client, subresource string, object client.Object, options ...client.SubResourceUpdateOption) error {
			w.writes.Add(1)
			return c.SubResource(subresource).Update(ctx, object, options...)
		},
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// supplies creates a Product with so many units from one source, and records it.
func (w *world) supplies(name string, units int64) *commercev1.Product {
	w.Helper()
	product := &commercev1.Product{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name},
		Spec: commercev1.ProductSpec{Supply: []commercev1.ProductSupply{
			{Source: "warehouse", Received: new(units), Removed: new(int64(0))},
		}},
	}
	w.must(admin.Create(w.Context(), product))
	w.reconcileProduct(name)
	return product
}

// providers creates the gateway and the carrier of this world, which are cluster-scoped and carry its namespace's name.
func (w *world) providers() {
	w.Helper()
	w.createGateway()
	w.createCarrier()
}

func (w *world) createGateway() {
	w.Helper()
	gateway := &commercev1.PaymentGateway{
		ObjectMeta: metav1.ObjectMeta{Name: w.namespace},
		Spec:       commercev1.PaymentGatewaySpec{Provider: commercev1.PaymentGatewayProvider{Simulated: &commercev1.SimulatedPaymentProvider{}}},
	}
	w.must(admin.Create(w.Context(), gateway))
}

func (w *world) createCarrier() {
	w.Helper()
	carrier := &commercev1.Carrier{
		ObjectMeta: metav1.ObjectMeta{Name: w.namespace},
		Spec:       commercev1.CarrierSpec{Provider: commercev1.CarrierProvider{Simulated: &commercev1.SimulatedCarrierProvider{}}},
	}
	w.must(admin.Create(w.Context(), carrier))
}

// newOrder returns an Order of one laptop and two mice for 1,500.00 USD that would succeed.
func (w *world) newOrder(name string, changes ...func(*commercev1.Order)) *commercev1.Order {
	object := &commercev1.Order{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name},
		Spec: commercev1.OrderSpec{
			Customer: commercev1.Customer{ID: "cust-123"},
			Currency: "USD",
			Items: []commercev1.OrderItem{
				{ProductName: "laptop-001", Quantity: 1, UnitPrice: "1200.00"},
				{ProductName: "mouse-001", Quantity: 2, UnitPrice: "150.00"},
			},
			Payment: commercev1.OrderPayment{GatewayName: w.namespace, Token: "sim_approve"},
			Shipping: commercev1.OrderShipping{CarrierName: w.namespace, Address: commercev1.Address{
				Name: "Ada Lovelace", Lines: []string{"12 St James's Square"}, City: "London", Country: "GB",
			}},
		},
	}
	for _, change := range changes {
		change(object)
	}
	return object
}

func (w *world) create(object *commercev1.Order) *commercev1.Order {
	w.Helper()
	w.must(admin.Create(w.Context(), object))
	return object
}

func (w *world) get(name string) *commercev1.Order {
	w.Helper()
	var object commercev1.Order
	w.must(admin.Get(w.Context(), client.ObjectKey{Namespace: w.namespace, Name: name}, &object))
	return &object
}

func (w *world) getProduct(name string) *commercev1.Product {
	w.Helper()
	var object commercev1.Product
	w.must(admin.Get(w.Context(), client.ObjectKey{Namespace: w.namespace, Name: name}, &object))
	return &object
}

func (w *world) request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKey{Namespace: w.namespace, Name: name}}
}

// reconcile runs the order's reconcilers of all four services once and returns the order service's result.
func (w *world) reconcile(name string) reconcile.Result {
	w.Helper()
	result, err := w.orders.Reconcile(w.Context(), w.request(name))
	w.must(err)
	for _, step := range []kube.Step{w.services.Inventory.Step, w.services.Payment.Step, w.services.Shipping.Step} {
		_, err := kube.Stepper(step, w.clock.Now).Reconcile(w.Context(), w.request(name))
		w.must(err)
	}
	return result
}

func (w *world) reconcileProduct(name string) reconcile.Result {
	w.Helper()
	result, err := w.products.Reconcile(w.Context(), w.request(name))
	w.must(err)
	return result
}

// run reconciles the order whenever something has happened, until its status is as wanted.
func (w *world) run(name string, wanted func(*commercev1.Order) bool) *commercev1.Order {
	w.Helper()
	w.until(name, func() bool { return wanted(w.get(name)) })
	return w.get(name)
}

// until reconciles the order whenever something has happened, until the condition holds. The Order need not exist.
func (w *world) until(name string, holds func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	defer cancel()
	for _, err := range w.store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			break
		}
		w.reconcile(name)
		if holds() {
			return
		}
	}
	w.Fatalf("order %s did not come as far as wanted: %+v", name, w.orderOf(name))
}

func ended(object *commercev1.Order) bool { return object.Status.Outcome != "" }

// orderOf returns the fold of the order.
func (w *world) orderOf(name string) saga.Order {
	w.Helper()
	order, err := w.services.Order.Order(w.Context(), saga.OrderID{Namespace: w.namespace, Name: name})
	w.must(err)
	return order
}

// charged returns what the payment provider's ledger says was taken and given back for the order, in cents.
func (w *world) charged() (charged, refunded int64) {
	w.Helper()
	for entry, err := range w.payments.Entries(w.Context()) {
		w.must(err)
		switch {
		case entry.State != ledger.Done:
		case entry.Kind == ledger.Charge:
			charged += entry.Amount.Minor
		case entry.Kind == ledger.Refund:
			refunded += entry.Amount.Minor
		}
	}
	return charged, refunded
}
