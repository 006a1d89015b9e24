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
func (p *production) verdict(ctx context.Context, witness *harness.Witness) error {
	settling, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	books, err := p.cluster.Settle(settling, witness, namespace)
	if err != nil {
		return err
	}
	for _, resource := range []string{"orders", "products"} {
		p.screen.title("kubectl get " + resource)
		table, err := p.cluster.Table(ctx, namespace, resource)
		if err != nil {
			return err
		}
		if err := harness.PrintTable(p.screen, table); err != nil {
			return err
		}
	}
	if err := p.history(ctx, witness, saga.OrderID{Namespace: namespace, Name: shownHistory}); err != nil {
		return err
	}
	p.money(books)
	p.goods(books)
	return p.judge(books)
}

// judge has the checker hold the event store, the providers' ledgers and the statuses against each other.
func (p *production) judge(books *harness.Books) error {
	p.screen.title("the checker: event store, ledgers and statuses, held against each other")
	violations := harness.Audit(books)
	if len(violations) == 0 {
		p.screen.say(green, "every rule holds: %s", books.Summary())
		return nil
	}
	errs := make([]error, 0, len(violations))
	for _, violation := range violations {
		p.screen.say(red, "violated: %s", violation)
		errs = append(errs, errors.New(violation.String()))
	}
	return fmt.Errorf("%d violations of the rules:\n%w", len(violations), errors.Join(errs...))
}

// history shows the events of an order.
func (p *production) history(ctx context.Context, witness *harness.Witness, id saga.OrderID) error {
	events, err := witness.Events(ctx, id)
	if err != nil {
		return err
	}
	p.screen.title("the history of " + id.Name + ", from the event store")
	for i := range events {
		event := &events[i]
		text, c := tell(event)
		after := event.RecordedAt.Sub(events[0].RecordedAt)
		_, _ = fmt.Fprintf(p.screen, "%4d  +%6.3f s  %-9s  %-18s  %s\n",
			event.Position, after.Seconds(), event.Metadata.Actor, event.Type, p.screen.paint(c, text))
	}
	return nil
}

// money shows what the gateway's ledger comes to.
func (p *production) money(books *harness.Books) {
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
	p.screen.title("money, by the gateway's ledger, and stock, by the events")
	for _, currency := range slices.Sorted(maps.Keys(totals)) {
		sums := totals[currency]
		kept := saga.Money{Currency: currency, Minor: sums.charged.Minor - sums.refunded.Minor}
		p.screen.say(plain, "%s charged - %s refunded = %s kept; the completed orders come to %s",
			money(sums.charged), money(sums.refunded), money(kept), money(sums.due))
	}
}

func (p *production) goods(books *harness.Books) {
	ids := slices.SortedFunc(maps.Keys(books.Products), func(a, b saga.ProductID) int { return cmp.Compare(a.Name, b.Name) })
	for _, id := range ids {
		product := books.Products[id]
		p.screen.say(plain, "%-12s  %d supplied = %d available + %d reserved + %d shipped; the completed orders asked for %d",
			id.Name, product.Supplied, product.Supplied-product.Reserved-product.Shipped, product.Reserved, product.Shipped, product.Ordered)
	}
}
