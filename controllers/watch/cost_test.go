// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package watch_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/ledger"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	paysim "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	shipsim "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/controllers/watch"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/sqlite"
)

type tokens struct{}

func (tokens) Token(context.Context, saga.OrderID, func(string) bool) (string, bool, error) {
	return "sim_approve", true, nil
}

type byName[P any] struct{ provider P }

func (b byName[P]) Provider(string) (P, bool) { return b.provider, true }

// tally counts what is written to a store.
type tally struct {
	eventcore.Store
	mu             sync.Mutex
	commits, saves map[string]int
}

func (c *tally) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if len(request.Events) > 0 {
		c.count(c.commits, "events")
	}
	return c.Store.Append(ctx, request)
}

func (c *tally) ReadModel(name string) (eventcore.ReadModel, error) {
	model, err := c.Store.ReadModel(name)
	return tallied{model, c, name}, err
}

func (c *tally) count(what map[string]int, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what[name]++
}

type tallied struct {
	eventcore.ReadModel
	tally *tally
	name  string
}

func (m tallied) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	m.tally.count(m.tally.saves, m.name)
	return m.ReadModel.Update(ctx, from, to, changes)
}

// BenchmarkOrders carries orders out, 50 at once, on a SQLite file, without the checker and with it.
func BenchmarkOrders(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("checker=%t", with), func(b *testing.B) {
			file, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "events.db"), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			store := &tally{Store: file, commits: map[string]int{}, saves: map[string]int{}}
			defer func() { _ = file.Close() }()
			ctx, cancel := context.WithCancel(b.Context())
			var running sync.WaitGroup
			defer running.Wait()
			defer cancel()
			r, err := runner.New(ctx, store, runner.Options{ServicesOptions: runner.ServicesOptions{
				Gateways: byName[payment.Provider]{paysim.New(openLedger(b), paysim.Options{})},
				Carriers: byName[shipping.Provider]{shipsim.New(openLedger(b), shipsim.Options{})}, Tokens: tokens{},
			}})
			if err != nil {
				b.Fatal(err)
			}
			running.Go(func() { _ = r.Run(ctx) })
			if with {
				w, err := watch.New(watch.Options{
					Store: store, Metrics: prometheus.NewRegistry(), Wake: func(feed.Touched) {}, Clock: time.Now,
				})
				if err != nil {
					b.Fatal(err)
				}
				running.Go(func() { _ = w.Run(ctx) })
			}
			if err := r.Inventory.Supply(ctx, pen, []saga.SupplyTotal{{Source: "factory", Received: 1e9}}); err != nil {
				b.Fatal(err)
			}
			before := processorTime(b)
			b.ResetTimer()
			carryOut(ctx, b, store, r)
			b.StopTimer()
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/order")
			store.mu.Lock()
			defer store.mu.Unlock()
			b.ReportMetric(float64(store.commits["events"])/float64(b.N), "commits/order")
			b.ReportMetric(float64(store.saves["verify"]), "checker-saves")
			b.ReportMetric(float64(store.saves["open-orders"]), "feed-saves")
		})
	}
}

// processorTime is what this process has used, which a busy machine changes less than the time that passes.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func openLedger(b *testing.B) *ledger.Ledger {
	b.Helper()
	opened, err := ledger.Open(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	return opened
}

func carryOut(ctx context.Context, b *testing.B, store eventcore.Store, r *runner.Runner) {
	b.Helper()
	slots := make(chan struct{}, 50)
	go func() {
		for i := range b.N {
			slots <- struct{}{}
			id := saga.OrderID{Namespace: "shop", Name: fmt.Sprintf("order-%d", i)}
			content := begin()[1].(saga.OrderCreated)
			content.Gateway, content.Carrier, content.Customer = "default", "default", saga.Customer{ID: "ada"}
			content.Address, content.Deadline, content.FlowVersion = saga.Address{Name: "Ada"}, time.Time{}, 0
			if err := r.Order.Accept(ctx, id, content); err != nil {
				b.Error(err)
			}
		}
	}()
	done := 0
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{Types: []string{"OrderCompleted", "OrderCancelled"}}) {
		if err != nil {
			b.Fatal(err)
		}
		for range batch.Events {
			<-slots
			done++
		}
		if done == b.N {
			return
		}
	}
}
