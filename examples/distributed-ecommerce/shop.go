// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/eventcore/order-operator/controllers/ledger"
	payment "github.com/eventcore/order-operator/controllers/payment/engine"
	simulatedpayment "github.com/eventcore/order-operator/controllers/payment/simulated"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	shipping "github.com/eventcore/order-operator/controllers/shipping/engine"
	simulatedshipping "github.com/eventcore/order-operator/controllers/shipping/simulated"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// What the shop sells.
const laptop, mouse, keyboard = "laptop-001", "mouse-001", "keyboard-001"

// The payment tokens of the simulated gateway tell how it behaves.
const approve, decline, loseReply = "sim_approve", "sim_decline", "sim_lost_reply"

// shop is the four services on one store, and the world outside: a simulated gateway and a simulated carrier, which
// keep their own books.
type shop struct {
	out      io.Writer
	store    eventcore.Store
	services *runner.Runner
	books    *ledger.Ledger
	payments payment.Provider
	carrier  shipping.Provider
	tokens   sync.Map // of payment methods, by order: no event holds one
	stop     func() error
}

func openShop(ctx context.Context, out io.Writer) (*shop, error) {
	books, err := ledger.Open(ctx, "")
	if err != nil {
		return nil, err
	}
	s := &shop{
		out: out, store: memory.New(memory.Options{}), books: books,
		payments: simulatedpayment.New(books, simulatedpayment.Options{}),
		carrier:  simulatedshipping.New(books, simulatedshipping.Options{}),
	}
	s.services, err = runner.New(ctx, s.store, runner.Options{ServicesOptions: runner.ServicesOptions{
		Gateways: gateways{s}, Carriers: carriers{s}, Tokens: s,
	}})
	if err != nil {
		return nil, errors.Join(err, s.store.Close(), books.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.services.Run(ctx) }()
	s.stop = func() error { cancel(); return <-ended }
	return s, nil
}

func (s *shop) close() error {
	return errors.Join(s.stop(), s.store.Close(), s.books.Close())
}

// gateways and carriers know one provider each, by the name "default".
type (
	gateways struct{ *shop }
	carriers struct{ *shop }
)

func (g gateways) Provider(name string) (payment.Provider, bool) {
	return g.payments, name == "default"
}
func (c carriers) Provider(name string) (shipping.Provider, bool) {
	return c.carrier, name == "default"
}

// Token implements payment.Tokens.
func (s *shop) Token(_ context.Context, id saga.OrderID, _ func(string) bool) (string, bool, error) {
	token, ok := s.tokens.Load(id)
	if !ok {
		return "", false, nil
	}
	return token.(string), true, nil
}

// submit has the order accepted and prints what happens until its end.
func (s *shop) submit(ctx context.Context, name string, content content, token string) error {
	id := orderID(name)
	s.tokens.Store(id, token)
	s.printf("  Order %s of %s over %s %s\n", name, content.Customer.ID, content.Total, content.Total.Currency)
	if err := s.services.Order.Accept(ctx, id, content.with(name)); err != nil {
		return err
	}
	return s.follow(ctx, id)
}

// follow prints the order's events as they occur, until its end. An event is stored once, however many streams it
// belongs to: the order's stream tells the whole story.
func (s *shop) follow(ctx context.Context, id saga.OrderID) error {
	registry := saga.NewRegistry()
	for batch, err := range s.store.Subscribe(ctx, 0, eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}}) {
		if err != nil {
			return err
		}
		for _, event := range batch.Events {
			if err := registry.Decode(&event); err != nil {
				return err
			}
			s.printf("    %-10s %-25s %s\n", event.Metadata.Actor, event.Type, describe(event.Payload))
			switch event.Payload.(type) {
			case saga.OrderCompleted, saga.OrderCancelled, saga.AttentionRequired:
				return nil
			}
		}
	}
	return nil
}

// expectOrder fails unless the order has ended so.
func (s *shop) expectOrder(ctx context.Context, name string, outcome saga.Outcome, reason string) error {
	order, err := s.services.Order.Order(ctx, orderID(name))
	if err != nil {
		return err
	}
	if order.Outcome != outcome || order.Reason != reason {
		return fmt.Errorf("order %s ended %s for %q, not %s for %q", name, order.Outcome, order.Reason, outcome, reason)
	}
	s.printf("  => %s is %s\n", name, order.Outcome)
	return nil
}

// expectMoney fails unless the gateway's own books show so many cents.
func (s *shop) expectMoney(ctx context.Context, name string, charged, refunded int64) error {
	balances, err := ledger.Balances(ctx, s.books)
	if err != nil {
		return err
	}
	order, err := s.services.Order.Order(ctx, orderID(name))
	if err != nil {
		return err
	}
	balance := balances[saga.CorrelationID(s.store.Identity().StoreID.String(), order)]
	if balance.Charged.Minor != charged || balance.Refunded.Minor != refunded {
		return fmt.Errorf("order %s was charged %s and refunded %s", name, balance.Charged, balance.Refunded)
	}
	s.printf("  => The gateway has charged %s and refunded %s for %s\n", dollars(charged), dollars(refunded), name)
	return nil
}

// expectStock fails unless so many units are available.
func (s *shop) expectStock(ctx context.Context, name string, available int64) error {
	stock, err := s.services.Inventory.Stock(ctx, product(name))
	if err != nil {
		return err
	}
	if stock.Available() != available || stock.Reserved != 0 {
		return fmt.Errorf("of %s, %d are available and %d reserved", name, stock.Available(), stock.Reserved)
	}
	s.printf("  => %d units of %s are available\n", available, name)
	return nil
}

func (s *shop) print(text string) { _, _ = io.WriteString(s.out, text) }

func (s *shop) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }
