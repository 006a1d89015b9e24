// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/test/harness"
)

// verdict shows how it all ended, and returns what does not add up.
func (t *theatre) verdict(ctx context.Context, witness *harness.Witness) error {
	settling, cancel := context.WithTimeout(ctx, scenePatience)
	defer cancel()
	books, err := t.cluster.Settle(settling, witness, namespace)
	if err != nil {
		return err
	}
	for _, resource := range []string{"orders", "products"} {
		t.screen.title("kubectl get " + resource)
		table, err := t.cluster.Table(ctx, namespace, resource)
		if err != nil {
			return err
		}
		if err := harness.PrintTable(t.screen, table); err != nil {
			return err
		}
	}
	if err := t.history(ctx, witness, saga.OrderID{Namespace: namespace, Name: shownHistory}); err != nil {
		return err
	}
	t.money(books)
	t.goods(books)
	return t.judge(books)
}

// judge has the checker hold the event store, the providers' ledgers and the statuses against each other.
func (t *theatre) judge(books *harness.Books) error {
	t.screen.title("the checker: event store, ledgers and statuses, held against each other")
	violations := harness.Audit(books)
	if len(violations) == 0 {
		t.screen.say(green, "every rule holds: %s", books.Summary())
		return nil
	}
	errs := make([]error, 0, len(violations))
	for _, violation := range violations {
		t.screen.say(red, "violated: %s", violation)
		errs = append(errs, errors.New(violation.String()))
	}
	return fmt.Errorf("%d violations of the rules:\n%w", len(violations), errors.Join(errs...))
}

// history shows the events of an order.
func (t *theatre) history(ctx context.Context, witness *harness.Witness, id saga.OrderID) error {
	events, err := witness.Events(ctx, id)
	if err != nil {
		return err
	}
	t.screen.title("the history of " + id.Name + ", from the event store")
	for i := range events {
		event := &events[i]
		text, c := tell(event)
		after := event.RecordedAt.Sub(events[0].RecordedAt)
		_, _ = fmt.Fprintf(t.screen, "%4d  +%6.3f s  %-9s  %-18s  %s\n",
			event.Position, after.Seconds(), event.Metadata.Actor, event.Type, t.screen.paint(c, text))
	}
	return nil
}

// money shows what the gateway's ledger comes to.
func (t *theatre) money(books *harness.Books) {
	totals := map[string]*struct{ charged, refunded, due saga.Money }{}
	for _, book := range books.Orders {
		total := book.Order.Content.Total
		if totals[total.Currency] == nil {
			zero := saga.Money{Currency: total.Currency}
			totals[total.Currency] = &struct{ charged, refunded, due saga.Money }{zero, zero, zero}
		}
		sums := totals[total.Currency]
		for _, charge := range book.Charges {
			sums.charged.Minor += charge.Amount.Minor
		}
		for _, refund := range book.Refunds {
			sums.refunded.Minor += refund.Amount.Minor
		}
		if book.Completed > 0 {
			sums.due.Minor += total.Minor
		}
	}
	t.screen.title("money, by the gateway's ledger, and stock, by the events")
	for _, currency := range slices.Sorted(maps.Keys(totals)) {
		sums := totals[currency]
		kept := saga.Money{Currency: currency, Minor: sums.charged.Minor - sums.refunded.Minor}
		t.screen.say(plain, "%s charged - %s refunded = %s kept; the completed orders come to %s",
			money(sums.charged), money(sums.refunded), money(kept), money(sums.due))
	}
}

func (t *theatre) goods(books *harness.Books) {
	ids := slices.SortedFunc(maps.Keys(books.Products), func(a, b saga.ProductID) int { return cmp.Compare(a.Name, b.Name) })
	for _, id := range ids {
		product := books.Products[id]
		t.screen.say(plain, "%-12s  %d supplied = %d available + %d reserved + %d shipped; the completed orders asked for %d",
			id.Name, product.Supplied, product.Supplied-product.Reserved-product.Shipped, product.Reserved, product.Shipped, product.Ordered)
	}
}
