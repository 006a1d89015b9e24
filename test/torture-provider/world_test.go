// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureprovider

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	shippingwebhook "github.com/eventcore/order-operator/controllers/shipping/webhook"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

// world is a store with the services on it, and the provider's process.
type world struct {
	*runner.Runner

	store    eventcore.Store
	process  *provider.Process
	payments *paymentwebhook.Provider
	carrier  *shippingwebhook.Provider
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{process: providertest.Start(t, provider.Options{})}
	w.payments = providertest.Client(t, w.process, paymentwebhook.New)
	w.carrier = providertest.Client(t, w.process, shippingwebhook.New)
	name := *dsn
	if name == "" {
		name = "sqlite:" + filepath.Join(t.TempDir(), "events.db")
	}
	var err error
	if w.store, err = open.Store(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.Runner, err = runner.New(ctx, w.store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: gateways{w}, Carriers: carriers{w}, Tokens: tokens{}, CallTimeout: callTimeout,
		Report: func(id saga.OrderID, err error) { t.Logf("order %s: %v", id, err) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// gateways, carriers and tokens are what the services find outside.
type (
	gateways struct{ *world }
	carriers struct{ *world }
	tokens   struct{}
)

func (g gateways) Provider(string) (payment.Provider, bool)  { return g.payments, true }
func (c carriers) Provider(string) (shipping.Provider, bool) { return c.carrier, true }

func (tokens) Token(context.Context, saga.OrderID, func(string) bool) (token string, present bool, err error) {
	return "sim_approve", true, nil
}

var product = saga.ProductID{Namespace: "shop", Name: "laptop-001"}

var price = saga.Money{Currency: "USD", Minor: 120_000}

func orderID(i int) saga.OrderID {
	return saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("order-%d", i)}
}

// content is one laptop. Every other order is captured when it is shipped.
func content(i int) saga.OrderCreated {
	mode := saga.CaptureImmediate
	if i%2 == 1 {
		mode = saga.CaptureOnShipment
	}
	return saga.OrderCreated{
		UID: fmt.Sprintf("uid-%d", i), Customer: saga.Customer{ID: "cust-123"},
		Lines: []saga.Line{{Product: product.Name, Quantity: 1, UnitPrice: price}},
		Total: price, Gateway: "default", CaptureMode: mode, Carrier: "default",
		Address: saga.Address{Name: "Ada Example", Lines: []string{"1 Sample Street"}, City: "Springfield", Country: "US"},
	}
}
