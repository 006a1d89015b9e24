// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/order"
	orders "github.com/eventcore/order-operator/controllers/order/engine"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
	"github.com/eventcore/order-operator/test/harness"
)

// inherited is what a version has left, and the services of today at work on it.
type inherited struct {
	*testing.T

	store     *sqlite.Store
	payments  *ledger.Ledger
	shipments *ledger.Ledger
	orders    []*commercev1.Order
	runner    *runner.Runner
}

// The world outside: every gateway and carrier is there now.
type (
	gateways struct{ all payment.Provider }
	carriers struct{ all shipping.Provider }
)

func (g gateways) Provider(string) (payment.Provider, bool)  { return g.all, true }
func (c carriers) Provider(string) (shipping.Provider, bool) { return c.all, true }

// Token implements payment.Tokens.
func (i *inherited) Token(_ context.Context, id saga.OrderID, accepted func(string) bool) (string, bool, error) {
	at := slices.IndexFunc(i.orders, func(o *commercev1.Order) bool { return idOf(o) == id && accepted(string(o.UID)) })
	if at < 0 {
		return "", false, nil
	}
	return i.orders[at].Spec.Payment.Token, true, nil
}

func idOf(o *commercev1.Order) saga.OrderID {
	return saga.OrderID{Namespace: o.Namespace, Name: o.Name}
}

// inherit opens a copy of what the version has left.
func inherit(t *testing.T, version string) *inherited {
	t.Helper()
	i, folder := &inherited{T: t}, t.TempDir()
	for _, name := range []string{"events.db", "payments.db", "shipments.db"} {
		data, err := os.ReadFile(filepath.Join(version, name))
		i.must(err)
		i.must(os.WriteFile(filepath.Join(folder, name), data, 0o600))
	}
	data, err := os.ReadFile(filepath.Join(version, "orders.json"))
	i.must(err)
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields() // a field that is gone would be lost
	i.must(strict.Decode(&i.orders))
	i.store, err = sqlite.Open(t.Context(), filepath.Join(folder, "events.db"), sqlite.Options{})
	i.must(err)
	i.payments, err = ledger.Open(t.Context(), filepath.Join(folder, "payments.db"))
	i.must(err)
	i.shipments, err = ledger.Open(t.Context(), filepath.Join(folder, "shipments.db"))
	i.must(err)
	patient := func(string) guard.Settings { return guard.Settings{FailureThreshold: 1_000} }
	i.runner, err = runner.New(t.Context(), i.store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: gateways{simulatedpayment.New(i.payments, simulatedpayment.Options{})},
		Carriers: carriers{simulatedshipping.New(i.shipments, simulatedshipping.Options{})},
		Tokens:   i, CallTimeout: time.Second, GatewaySettings: patient, CarrierSettings: patient,
		Jitter: func() float64 { return 0 }, // nobody waits before another try
	}})
	i.must(err)
	return i
}

func (i *inherited) must(err error) {
	i.Helper()
	if err != nil {
		i.Fatal(err)
	}
}

// finish has everything done that the orders wait for, until the last of them has ended.
func (i *inherited) finish() {
	i.Helper()
	ctx, cancel := context.WithTimeout(i.Context(), 2*time.Minute)
	defer cancel()
	i.must(i.runner.Inventory.Supply(ctx, saga.ProductID{Namespace: "shop", Name: "later"},
		[]saga.SupplyTotal{{Source: "factory", Received: 100}}))
	working, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- i.runner.Run(working) }()
	for _, err := range i.store.Subscribe(ctx, 0, eventcore.Filter{}) {
		i.must(err)
		if i.allEnded(ctx) {
			break
		}
	}
	stop()
	i.must(<-ended)
}

// allEnded answers what a person is asked, and reports whether every order has ended.
func (i *inherited) allEnded(ctx context.Context) bool {
	i.Helper()
	all := true
	for _, object := range i.orders {
		id := idOf(object)
		folded, err := i.runner.Order.Latest(ctx, id)
		i.must(err)
		if folded.Suspended != nil {
			i.must(i.runner.Order.Resume(ctx, id, 0))
		}
		if a := folded.Attention; a != nil {
			i.must(i.runner.Order.Resolve(ctx, id, orders.Resolution{
				Attention: a.Position, Action: saga.ResolveSkip, Reason: "paid back by bank transfer", Actor: "ada",
			}))
		}
		all = all && folded.Outcome != "" && folded.Attention == nil
	}
	return all
}

// judge holds the log, the ledgers and the statuses that today's code makes against all rules.
func (i *inherited) judge() []verify.Violation {
	i.Helper()
	registry := saga.NewRegistry()
	folds, evidence := map[saga.OrderID]saga.Order{}, verify.Evidence{Orders: map[saga.OrderID]*verify.OrderStatus{}}
	evidence.Now, evidence.Grace = time.Now().Add(1000*time.Hour), time.Minute
	evidence.Movements = harness.Movements(i.Context(), i.payments, i.shipments)
	log := func(yield func(*eventcore.Event, error) bool) {
		for event, err := range i.store.Read(i.Context(), eventcore.Query{}) {
			if err == nil {
				err = registry.Decode(&event)
			}
			if !yield(&event, err) || err != nil {
				return
			}
		}
	}
	for event, err := range log {
		i.must(err)
		if id, ok := saga.OrderOf(event); ok {
			folds[id] = folds[id].Apply(id.Stream(), event)
		}
	}
	identity := i.store.Identity()
	for _, object := range i.orders {
		was, is := object.Status, order.Project(object, folds[idOf(object)], identity, nil)
		if is.History.StoreID != was.History.StoreID || is.History.Epoch != was.History.Epoch || is.History.Position < was.History.Position {
			i.Errorf("%s: its status would go back from %+v to %+v", object.Name, was.History, is.History)
		}
		outcome, position, attention := string(is.Outcome), eventcore.Position(is.History.Position), false
		evidence.Orders[idOf(object)] = &verify.OrderStatus{
			UID: string(object.UID), Outcome: &outcome, Charged: &is.Charged, Refunded: &is.Refunded,
			NeedsAttention: &attention, Epoch: is.History.Epoch, Position: &position,
		}
	}
	found, err := verify.Check(log, verify.Options{StoreID: identity.StoreID.String()}, evidence)
	i.must(err)
	return found
}

func TestTodaysCodeFinishesWhatEarlierVersionsHaveBegun(t *testing.T) {
	versions, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil || len(versions) == 0 {
		t.Fatalf("no versions are recorded (%v)", err)
	}
	for _, version := range versions {
		t.Run(filepath.Base(version), func(t *testing.T) {
			i := inherit(t, version)
			begun := slices.ContainsFunc(i.orders, func(o *commercev1.Order) bool { return o.Status.Outcome == "" })
			if !begun {
				t.Error("the version has left nothing to do")
			}
			i.finish()
			for _, violation := range i.judge() {
				t.Error(violation)
			}
		})
	}
}
