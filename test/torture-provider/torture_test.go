// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureprovider

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/provider"
)

const callTimeout = 2 * time.Second

// plan loses a fifth of all replies, and refuses a tenth of what orders begin with.
func plan() provider.Plan {
	return provider.Plan{Seed: *seed, Rules: []provider.Rule{
		{Fault: provider.Refuse, Probability: new(0.1), Actions: []string{"charge", "authorize", "create"}},
		{
			Fault: provider.LoseReply, Probability: new(0.2),
			Verbs: []webhook.Verb{webhook.Do, webhook.Find, webhook.Cancel},
		},
	}}
}

func TestNoMoneyIsLostWithAProviderThatLosesReplies(t *testing.T) {
	w := newWorld(t)
	if err := w.process.SetPlan(t.Context(), plan()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), *limit)
	defer cancel()
	var ended atomic.Int64
	third, over := make(chan struct{}), make(chan error, 1)
	go func() { over <- w.follow(ctx, &ended, third) }()
	w.fill(ctx, t)
	select {
	case <-third:
	case <-ctx.Done():
		t.Fatalf("only %d of %d orders have ended", ended.Load(), *orders)
	}
	before := ended.Load()
	w.interrupt(ctx, t)
	t.Logf("%d orders had ended before the provider was killed, and %d when it was back", before, ended.Load())
	if err := <-over; err != nil {
		t.Errorf("%d of %d orders have ended: %v", ended.Load(), *orders, err)
	}
	w.audit(t)
}

// fill supplies the shop and has all orders accepted.
func (w *world) fill(ctx context.Context, t *testing.T) {
	t.Helper()
	totals := []saga.SupplyTotal{{Source: "factory", Received: int64(*orders)}}
	if err := w.Inventory.Supply(ctx, product, totals); err != nil {
		t.Fatal(err)
	}
	const hands = 16
	var accepting sync.WaitGroup
	for hand := range hands {
		accepting.Go(func() {
			for i := hand; i < *orders; i += hands {
				if err := w.Order.Accept(ctx, orderID(i), content(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	accepting.Wait()
}

// interrupt kills the provider amid its work, and starts it again after a while.
func (w *world) interrupt(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := w.process.Kill(); err != nil {
		t.Fatal(err)
	}
	away := time.NewTimer(*down)
	defer away.Stop()
	select {
	case <-away.C:
	case <-ctx.Done():
	}
	if err := w.process.Restart(ctx); err != nil {
		t.Fatal(err)
	}
}

// follow counts the orders that end, says when a third has, and returns when all have.
func (w *world) follow(ctx context.Context, ended *atomic.Int64, third chan<- struct{}) error {
	for batch, err := range w.store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			return err
		}
		for i := range batch.Events {
			kind := batch.Events[i].Type
			if kind != "OrderCompleted" && kind != "OrderCancelled" {
				continue
			}
			count := int(ended.Add(1))
			if count == *orders/3 {
				close(third)
			}
			if count == *orders {
				return nil
			}
		}
	}
	return ctx.Err()
}

// audit holds every order's end against the provider's books, and the stock against the orders.
func (w *world) audit(t *testing.T) {
	t.Helper()
	book := ledgertest.Open(t, w.process.Ledger())
	balances, err := ledger.Balances(t.Context(), book)
	if err != nil {
		t.Fatal(err)
	}
	taken := charges(t, book)
	counts := map[saga.Outcome]int{}
	var refunded, voided int
	for i := range *orders {
		order, err := w.Order.Order(t.Context(), orderID(i))
		if err != nil {
			t.Fatal(err)
		}
		correlation := saga.CorrelationID(w.store.Identity().StoreID.String(), order)
		balance := balances[correlation]
		delete(balances, correlation)
		counts[order.Outcome]++
		refunded += int(balance.Refunded.Minor / price.Minor)
		voided += int(balance.Voided.Minor / price.Minor)
		judge(t, order, balance, taken[correlation])
	}
	if len(balances) > 0 {
		t.Errorf("the provider has done something for %d orders that nobody knows", len(balances))
	}
	stock, err := w.Inventory.Stock(t.Context(), product)
	if left := int64(*orders - counts[saga.Completed]); err != nil || stock.Available() != left || stock.Reserved != 0 {
		t.Errorf("%d laptops are left and %d reserved instead of %d and none (%v)", stock.Available(), stock.Reserved, left, err)
	}
	report, err := w.process.Report(t.Context())
	t.Logf("%v; %d refunds, %d voids; since its restart the provider got %+v (%v)", counts, refunded, voided, report, err)
	if counts[saga.Completed] == 0 || refunded == 0 || voided == 0 {
		t.Errorf("the test has tried too little: %v, %d refunds, %d voids", counts, refunded, voided)
	}
}

// charges counts by order how often the whole price was taken, refunded or not.
func charges(t *testing.T, book *ledger.Ledger) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for entry, err := range book.Entries(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.State == ledger.Done && (entry.Kind == ledger.Charge || entry.Kind == ledger.Authorization) {
			counts[entry.Correlation]++
		}
	}
	return counts
}

func judge(t *testing.T, order saga.Order, balance ledger.Balance, taken int) {
	t.Helper()
	left := 0
	switch {
	case order.Outcome == saga.Completed:
		left = 1
	case order.Outcome != saga.Cancelled:
		t.Errorf("order %s has not ended", order.ID)
	}
	if order.Attention != nil {
		t.Errorf("order %s needs attention: %+v", order.ID, order.Attention)
	}
	if taken > 1 {
		t.Errorf("order %s was charged %d times", order.ID, taken)
	}
	kept, shipped := balance.Charged.Minor-balance.Refunded.Minor, balance.Shipments-balance.Cancelled
	if kept != int64(left)*price.Minor || balance.Held() != 0 || shipped != left || balance.Shipments > 1 {
		t.Errorf("order %s is %s, and the provider has %+v", order.ID, order.Outcome, balance)
	}
}
