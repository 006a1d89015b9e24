// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sigstop has real processes compete for an order, of which one is stopped in the middle of a call.
package sigstop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	paysim "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	shipsim "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

// What a child is told by its environment: where the world is, and in the middle of which call it stops itself.
const (
	worldOfChild = "WORLD_OF_CHILD"
	stopOfChild  = "STOP_OF_CHILD"
)

// callTimeout is how long a call may take, and the successor waits for its outcome.
const callTimeout = time.Second

var orderID = saga.OrderID{Namespace: "shop", Name: "order-001"}

func TestMain(m *testing.M) {
	if folder := os.Getenv(worldOfChild); folder != "" {
		if err := child(context.Background(), folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// world is what processes share: a store and two ledgers, in files of a folder.
type world struct {
	store               *sqlite.Store
	payments, shipments *ledger.Ledger
}

func openWorld(ctx context.Context, folder string) (w world, err error) {
	if w.store, err = sqlite.Open(ctx, filepath.Join(folder, "events.db"), sqlite.Options{}); err != nil {
		return w, err
	}
	if w.payments, err = ledger.Open(ctx, filepath.Join(folder, "payments.db")); err != nil {
		return w, err
	}
	w.shipments, err = ledger.Open(ctx, filepath.Join(folder, "shipments.db"))
	return w, err
}

func (w world) close() error {
	return errors.Join(w.store.Close(), w.payments.Close(), w.shipments.Close())
}

// child carries the order to its end, says so, and goes on until its input ends.
func child(ctx context.Context, folder string) error {
	w, err := openWorld(ctx, folder)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &sleeper{action: os.Getenv(stopOfChild), awake: make(chan struct{})}
	store := awake{w.store, s}
	r, err := runner.New(ctx, store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: gateway{bank{paysim.New(w.payments, paysim.Options{}), s}},
		Carriers: carrier{truck{shipsim.New(w.shipments, shipsim.Options{}), s}}, Tokens: token{}, CallTimeout: callTimeout,
	}})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	if err := place(ctx, r); err != nil {
		return err
	}
	go tell(ctx, w.store)
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		close(s.awake)
	}
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, eventcore.ErrCheckpointMoved) { // two may not project at once
		return err
	}
	return w.close()
}

// place supplies the product and creates the order: again, in the second process, which changes nothing.
func place(ctx context.Context, r *runner.Runner) error {
	pen := orderID.Product("pen")
	if err := r.Inventory.Supply(ctx, pen, []saga.SupplyTotal{{Source: "factory", Received: 10}}); err != nil {
		return err
	}
	price := saga.Money{Currency: "USD", Minor: 500}
	return r.Order.Accept(ctx, orderID, saga.OrderCreated{
		UID: "uid-1", Customer: saga.Customer{ID: "cust-123"}, Total: price,
		Lines:   []saga.Line{{Product: pen.Name, Quantity: 1, UnitPrice: price}},
		Gateway: "default", CaptureMode: saga.CaptureImmediate, Carrier: "default",
		Address: saga.Address{Name: os.Getenv("ADDRESS_OF_CHILD"), Lines: []string{"1 Sample Street"}, City: "Springfield", Country: "US"},
	})
}

// tell prints that the order has ended.
func tell(ctx context.Context, store eventcore.Store) {
	filter := eventcore.Filter{Streams: []eventcore.StreamID{orderID.Stream()}}
	for batch, err := range store.Subscribe(ctx, 0, filter) {
		if err != nil {
			return
		}
		for _, event := range batch.Events {
			if event.Type == "OrderCompleted" || event.Type == "OrderCancelled" {
				fmt.Println("ended " + event.Type)
			}
		}
	}
}

// sleeper says when the action is asked for, and waits until its process was stopped and told to go on. Meanwhile the
// process writes nothing: one that is stopped within a write holds SQLite's lock, and then nobody goes on.
type sleeper struct {
	action  string
	awake   chan struct{}
	once    sync.Once
	writing sync.RWMutex
}

// stop returns the context of a request that has left: nobody calls it back any more.
func (s *sleeper) stop(ctx context.Context, action string) context.Context {
	if action != s.action {
		return ctx
	}
	s.once.Do(func() {
		s.writing.Lock()
		defer s.writing.Unlock()
		fmt.Println("calling")
		<-s.awake
	})
	return context.WithoutCancel(ctx)
}

// report prints what became of the request that was late.
func (s *sleeper) report(action string, err error) {
	if action == s.action {
		fmt.Printf("late %v\n", err)
	}
}

// awake is a store that is written to by processes that are awake.
type awake struct {
	eventcore.Store
	sleeper *sleeper
}

func (a awake) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	a.sleeper.writing.RLock()
	defer a.sleeper.writing.RUnlock()
	return a.Store.Append(ctx, request)
}

func (a awake) ReadModel(name string) (eventcore.ReadModel, error) {
	model, err := a.Store.ReadModel(name)
	return awakeModel{model, a.sleeper}, err
}

type awakeModel struct {
	eventcore.ReadModel
	sleeper *sleeper
}

func (a awakeModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	a.sleeper.writing.RLock()
	defer a.sleeper.writing.RUnlock()
	return a.ReadModel.Update(ctx, from, to, changes)
}

type bank struct {
	payment.Provider
	sleeper *sleeper
}

func (b bank) Do(ctx context.Context, r payment.Request) (payment.Movement, error) {
	movement, err := b.Provider.Do(b.sleeper.stop(ctx, string(r.Action)), r)
	b.sleeper.report(string(r.Action), err)
	return movement, err
}

type truck struct {
	shipping.Provider
	sleeper *sleeper
}

func (t truck) Create(ctx context.Context, r shipping.ShipmentRequest) (shipping.Shipment, error) {
	shipment, err := t.Provider.Create(t.sleeper.stop(ctx, "ship"), r)
	t.sleeper.report("ship", err)
	return shipment, err
}

type gateway struct{ provider payment.Provider }

func (g gateway) Provider(string) (payment.Provider, bool) { return g.provider, true }

type carrier struct{ provider shipping.Provider }

func (c carrier) Provider(string) (shipping.Provider, bool) { return c.provider, true }

type token struct{}

func (token) Token(context.Context, saga.OrderID, func(string) bool) (string, bool, error) {
	return "sim_approve", true, nil
}
