// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command record leaves in a folder what this version of the operator has begun, for package upgrade.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/order"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/eventcore/inspect"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// working is how long the services work on the orders.
const working = 1500 * time.Millisecond

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: record FOLDER")
		os.Exit(2)
	}
	if err := record(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
	os.Exit(0) // calls under way die here
}

// recorder is the operator at work. Its gateway and its carrier are called default; others are not there.
type recorder struct {
	store               *sqlite.Store
	payments, shipments *ledger.Ledger
	runner              *runner.Runner
}

type (
	gateways struct{ payment.Provider }
	carriers struct{ shipping.Provider }
	tokens   struct{}
)

// Token implements payment.Tokens.
func (tokens) Token(_ context.Context, id saga.OrderID, _ func(string) bool) (string, bool, error) {
	for _, c := range begun {
		if c.name == id.Name {
			return c.token, true, nil
		}
	}
	return "", false, nil
}

// paying and shippers find the providers by name.
type (
	paying   struct{ gateways }
	shippers struct{ carriers }
)

// Provider implements payment.Gateways.
func (p paying) Provider(name string) (payment.Provider, bool) { return p.gateways, name == "default" }

// Provider implements shipping.Carriers.
func (s shippers) Provider(name string) (shipping.Provider, bool) {
	return s.carriers, name == "default"
}

func open(ctx context.Context, folder string) (*recorder, error) {
	work, err := os.MkdirTemp("", "record")
	if err != nil {
		return nil, err
	}
	r := &recorder{}
	if r.store, err = sqlite.Open(ctx, filepath.Join(work, "events.db"), sqlite.Options{}); err != nil {
		return nil, err
	}
	if r.payments, err = ledger.Open(ctx, filepath.Join(folder, "payments.db")); err != nil {
		return nil, err
	}
	if r.shipments, err = ledger.Open(ctx, filepath.Join(folder, "shipments.db")); err != nil {
		return nil, err
	}
	r.runner, err = runner.New(ctx, r.store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: paying{gateways{simulatedpayment.New(r.payments, simulatedpayment.Options{})}},
		Carriers: shippers{carriers{simulatedshipping.New(r.shipments, simulatedshipping.Options{})}},
		Tokens:   tokens{}, CallTimeout: 2 * time.Second,
	}})
	return r, err
}

// record begins the orders, has the services work on them for a while, and leaves everything as it is then.
func record(ctx context.Context, folder string) error {
	r, err := open(ctx, folder)
	if err != nil {
		return err
	}
	pen := saga.ProductID{Namespace: namespace, Name: "pen"}
	if err := r.runner.Inventory.Supply(ctx, pen, []saga.SupplyTotal{{Source: "factory", Received: 100}}); err != nil {
		return err
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	go func() { _ = r.runner.Run(following) }() // it dies with the process
	last := len(begun) - 1
	for i, c := range begun[:last] {
		if err := r.accept(ctx, c, i); err != nil {
			return err
		}
	}
	time.Sleep(working)
	cancelling := saga.OrderID{Namespace: namespace, Name: "cancelling"}
	if err := r.runner.Order.RequestCancellation(ctx, cancelling, 0, saga.ReasonCancelledByUser); err != nil {
		return err
	}
	stop()
	if err := r.accept(ctx, begun[last], last); err != nil {
		return err
	}
	return r.leave(ctx, folder)
}

func (r *recorder) accept(ctx context.Context, c example, number int) error {
	content, err := c.content(number)
	if err != nil {
		return err
	}
	accept := r.runner.Order.Accept
	if c.name == "suspended" {
		accept = r.runner.Order.AcceptSuspended
	}
	return accept(ctx, saga.OrderID{Namespace: namespace, Name: c.name}, content)
}

// leave writes the store, the ledgers and the Orders.
func (r *recorder) leave(ctx context.Context, folder string) error {
	objects := make([]*commercev1.Order, 0, len(begun))
	for i, c := range begun {
		object := c.object(i)
		folded, err := r.runner.Order.Order(ctx, saga.OrderID{Namespace: namespace, Name: c.name})
		if err != nil {
			return err
		}
		object.Status = order.Project(object, folded, r.store.Identity(), nil)
		objects = append(objects, object)
	}
	data, err := json.MarshalIndent(objects, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "orders.json"), append(data, '\n'), 0o600); err != nil {
		return err
	}
	_, err = r.store.Backup(ctx, filepath.Join(folder, "events.db"), inspect.Options{})
	return errors.Join(err, r.payments.Close(), r.shipments.Close())
}
