// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/order"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	paysim "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	shipsim "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

type tokens struct{}

func (tokens) Token(context.Context, saga.OrderID, func(string) bool) (string, bool, error) {
	return "sim_approve", true, nil
}

type byName[P any] struct{ provider P }

func (b byName[P]) Provider(string) (P, bool) { return b.provider, true }

// bought carries one order for two pens out, and returns what is left of it.
func bought(t *testing.T) (*Witness, client.Client) {
	t.Helper()
	w := &Witness{Store: memory.New(memory.Options{}), Payments: ledgertest.Open(t, ""), Shipments: ledgertest.Open(t, "")}
	r, err := runner.New(t.Context(), w.Store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: byName[payment.Provider]{paysim.New(w.Payments, paysim.Options{})},
		Carriers: byName[shipping.Provider]{shipsim.New(w.Shipments, shipsim.Options{})}, Tokens: tokens{},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	id, price := saga.OrderID{Namespace: "shop", Name: "bought"}, saga.Money{Currency: "USD", Minor: 500}
	if err := r.Inventory.Supply(ctx, id.Product("pen"), []saga.SupplyTotal{{Source: "factory", Received: 10}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Order.Accept(ctx, id, saga.OrderCreated{
		UID: "1", Customer: saga.Customer{ID: "ada"}, Total: saga.Money{Currency: "USD", Minor: 1000},
		Lines:   []saga.Line{{Product: "pen", Quantity: 2, UnitPrice: price}},
		Gateway: "default", CaptureMode: saga.CaptureImmediate, Carrier: "default", Address: saga.Address{Name: "Ada"},
	}); err != nil {
		t.Fatal(err)
	}
	for batch, err := range w.Store.Subscribe(ctx, 0, eventcore.Filter{Types: []string{"OrderCompleted", "OrderCancelled"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(batch.Events) > 0 {
			break
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return w, objects(t, w, id)
}

// objects are what an API server would have of it.
func objects(t *testing.T, w *Witness, id saga.OrderID) client.Client {
	t.Helper()
	events, err := w.Events(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var folded saga.Order
	for i := range events {
		folded = folded.Apply(id.Stream(), &events[i])
	}
	object := &commercev1.Order{
		ObjectMeta: metav1.ObjectMeta{Namespace: id.Namespace, Name: id.Name, UID: "1"},
		Spec: commercev1.OrderSpec{
			Currency: "USD", Items: []commercev1.OrderItem{{ProductName: "pen", Quantity: 2, UnitPrice: "5.00"}}, Attempt: 1,
		},
	}
	object.Status = order.Project(object, folded, w.Store.Identity(), nil)
	scheme := runtime.NewScheme()
	if err := commercev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		object,
		&commercev1.Product{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "pen"},
			Spec:       commercev1.ProductSpec{Supply: []commercev1.ProductSupply{{Source: "factory", Received: new(int64(10))}}},
			Status: commercev1.ProductStatus{
				Available: new(int64(8)), Reserved: new(int64(0)), Shipped: new(int64(2)), History: object.Status.History,
			},
		},
	).Build()
}

// TestAuditHoldsObjectsAndLedgersAgainstTheEvents breaks one thing at a time.
func TestAuditHoldsObjectsAndLedgersAgainstTheEvents(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(b *Books)
		rule  verify.Rule
	}{
		{"nothing", func(*Books) {}, ""},
		{"an outcome", func(b *Books) {
			b.order(saga.OrderID{Namespace: "shop", Name: "bought"}).Object.Status.Outcome = commercev1.OutcomeCancelled
		}, verify.StatusIsFold},
		{"a step", func(b *Books) {
			b.order(saga.OrderID{Namespace: "shop", Name: "bought"}).Object.Status.Steps[1].Attempts++
		}, verify.StatusIsFold},
		{"a status behind", func(b *Books) {
			b.order(saga.OrderID{Namespace: "shop", Name: "bought"}).Object.Status.History.Position--
		}, verify.StatusIsFold},
		{"an Order that nobody accepted or rejected", func(b *Books) {
			b.order(saga.OrderID{Namespace: "shop", Name: "bought"}).Object.UID = "2"
		}, verify.StatusIsFold},
		{"a supply that was not recorded", func(b *Books) {
			b.product(saga.ProductID{Namespace: "shop", Name: "pen"}).Object.Spec.Supply[0].Received = new(int64(11))
		}, verify.StatusIsFold},
		{"a unit that is gone", func(b *Books) {
			b.product(saga.ProductID{Namespace: "shop", Name: "pen"}).Object.Status.Available = new(int64(7))
		}, verify.StatusIsFold},
		{"money for nobody", func(b *Books) {
			b.movements = append(b.movements, verify.Movement{Kind: verify.Charge, Key: "x", Correlation: "x", State: verify.Done})
		}, verify.NoStranger},
		{"a double charge", func(b *Books) {
			again := b.movements[slices.IndexFunc(b.movements, func(m verify.Movement) bool { return m.Kind == verify.Charge })]
			again.Key += "x"
			b.movements = append(b.movements, again)
		}, verify.ChargedOnce},
		{"an order that never ends", func(b *Books) { b.log = b.log[:len(b.log)-1] }, verify.NothingStuck},
	}
	w, reader := bought(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			books, err := ReadBooks(ctx, w, reader, "shop")
			if err != nil {
				t.Fatal(err)
			}
			test.spoil(books)
			found := Audit(books)
			if test.rule == "" && len(found) > 0 {
				t.Errorf("found %v", found)
			}
			if test.rule != "" && !slices.ContainsFunc(found, func(v verify.Violation) bool { return v.Rule == test.rule }) {
				t.Errorf("did not find %s: %v", test.rule, found)
			}
		})
	}
}
