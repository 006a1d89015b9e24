// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command distributed-ecommerce is the tutorial of this project: four services carry orders through a saga on an event
// store in memory. It needs no cluster, no network and no files: the operator's reconcilers are a shell around the same
// services.
//
//	go run ./examples/distributed-ecommerce
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	orderengine "github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "distributed-ecommerce:", err)
		os.Exit(1)
	}
}

// run plays the tutorial. It fails if anything ends other than the text says.
func run(ctx context.Context, out io.Writer) error {
	s, err := openShop(ctx, out)
	if err != nil {
		return err
	}
	s.print("=== Distributed e-commerce with EventCore ===\n")
	err = play(ctx, s)
	return errors.Join(err, s.close())
}

func play(ctx context.Context, s *shop) error {
	for _, chapter := range []func(context.Context, *shop) error{
		initialStock, success, insufficientStock, sameOrderAgain, compensation, lostReply,
	} {
		if err := chapter(ctx, s); err != nil {
			return err
		}
	}
	s.print(summary)
	return nil
}

// initialStock tells the inventory service what has been delivered. A source's totals only grow: to say so again
// changes nothing.
func initialStock(ctx context.Context, s *shop) error {
	s.print("\n--- The inventory service takes stock ---\n")
	for _, delivery := range []saga.StockLine{
		{Product: laptop, Quantity: 10}, {Product: mouse, Quantity: 50}, {Product: keyboard, Quantity: 30},
	} {
		totals := []saga.SupplyTotal{{Source: "warehouse", Received: delivery.Quantity}}
		if err := s.services.Inventory.Supply(ctx, product(delivery.Product), totals); err != nil {
			return err
		}
		s.printf("  Added %d units of %s\n", delivery.Quantity, delivery.Product)
	}
	return nil
}

func laptopAndMice() content {
	return order("cust-123", line(1, laptop, 120_000), line(2, mouse, 15_000))
}

// success is an order that nothing goes wrong with. The order service records OrderCreated, and that is all that
// anybody asks for: each service is woken by the events of the others, and does what is due.
func success(ctx context.Context, s *shop) error {
	s.print("\n--- Example 1: an order that succeeds ---\n")
	if err := s.submit(ctx, "order-001", laptopAndMice(), approve); err != nil {
		return err
	}
	return errors.Join(
		s.expectOrder(ctx, "order-001", saga.Completed, ""),
		s.expectMoney(ctx, "order-001", 150_000, 0),
		s.expectStock(ctx, laptop, 9), s.expectStock(ctx, mouse, 48),
	)
}

// insufficientStock is refused as a whole: nothing is reserved, and nobody is asked for money.
func insufficientStock(ctx context.Context, s *shop) error {
	s.print("\n--- Example 2: a hundred laptops, of which there are nine ---\n")
	if err := s.submit(ctx, "order-002", order("cust-456", line(100, laptop, 100_000)), approve); err != nil {
		return err
	}
	return errors.Join(
		s.expectOrder(ctx, "order-002", saga.Cancelled, saga.ReasonOutOfStock),
		s.expectMoney(ctx, "order-002", 0, 0),
		s.expectStock(ctx, laptop, 9),
	)
}

// sameOrderAgain shows idempotency: an order's identity is its name, whoever submits it and however often.
func sameOrderAgain(ctx context.Context, s *shop) error {
	s.print("\n--- Example 3: order-001 once more ---\n")
	if err := s.services.Order.Accept(ctx, orderID("order-001"), laptopAndMice().with("order-001")); err != nil {
		return err
	}
	s.print("  The order is known: nothing happens\n")

	other := order("cust-123", line(1, laptop, 120_000))
	var taken *orderengine.NameTakenError
	if err := s.services.Order.Accept(ctx, orderID("order-001"), other.with("another object")); !errors.As(err, &taken) {
		return fmt.Errorf("another order of the same name was answered %w", err)
	}
	s.printf("  Other items under the same name are refused: %v\n", taken)
	return errors.Join(s.expectMoney(ctx, "order-001", 150_000, 0), s.expectStock(ctx, laptop, 9))
}

// compensation undoes what was done, in reverse, when a later step is refused.
func compensation(ctx context.Context, s *shop) error {
	s.print("\n--- Example 4: the payment is declined ---\n")
	if err := s.submit(ctx, "order-003", order("cust-789", line(1, laptop, 120_000)), decline); err != nil {
		return err
	}
	if err := errors.Join(
		s.expectOrder(ctx, "order-003", saga.Cancelled, saga.ReasonPaymentDeclined),
		s.expectMoney(ctx, "order-003", 0, 0),
		s.expectStock(ctx, laptop, 9),
	); err != nil {
		return err
	}
	s.print("\n--- Example 5: the carrier refuses the address, after the payment ---\n")
	refused := order("cust-789", line(1, laptop, 120_000))
	refused.Address.Name = "SIM REFUSE"
	if err := s.submit(ctx, "order-004", refused, approve); err != nil {
		return err
	}
	return errors.Join(
		s.expectOrder(ctx, "order-004", saga.Cancelled, saga.ReasonShipmentRefused),
		s.expectMoney(ctx, "order-004", 120_000, 120_000),
		s.expectStock(ctx, laptop, 9),
	)
}

// lostReply is what no retry alone can mend: the money was taken, and the answer was lost. The payment service asks the
// gateway what became of the charge before it does anything else.
func lostReply(ctx context.Context, s *shop) error {
	s.print("\n--- Example 6: the gateway's answer is lost ---\n")
	if err := s.submit(ctx, "order-005", order("cust-123", line(1, mouse, 15_000)), loseReply); err != nil {
		return err
	}
	return errors.Join(
		s.expectOrder(ctx, "order-005", saga.Completed, ""),
		s.expectMoney(ctx, "order-005", 15_000, 0),
		s.expectStock(ctx, mouse, 47),
	)
}

const summary = `
--- What you have seen ---
  1. Sagas: each order went through its steps, and its state is nothing but its events
  2. Choreography: no service called another; each was woken by events and looked what was due
  3. Compensation: what was done was undone in reverse when a step was refused
  4. Service boundaries: each service wrote its own events, and owns its own stream of them
  5. Multi-stream atomicity: one StockReserved reserved all items, in the streams of the order and of every product
  6. Idempotency: the same order twice, and a charge whose answer was lost, were carried out once
  7. Event-driven: what happened is in the event store, for services, projections and audits to read
`
