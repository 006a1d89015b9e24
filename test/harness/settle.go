// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"fmt"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Settle waits until the statuses in the namespaces show everything that was recorded, and returns the books as they are then. It is for the time
// after WaitForOrders: a Product's status follows up to a second later. When ctx ends before, the books are returned together with the
// error.
func (c *Cluster) Settle(ctx context.Context, witness *Witness, namespaces ...string) (*Books, error) {
	for {
		before, err := ReadBooks(ctx, witness, c.Client, namespaces...)
		if err != nil {
			return nil, err
		}
		for _, namespace := range namespaces {
			if err := c.waitForStatuses(ctx, before, namespace); err != nil {
				return before, fmt.Errorf("wait for the statuses in %s: %w", namespace, err)
			}
		}
		after, err := ReadBooks(ctx, witness, c.Client, namespaces...)
		if err != nil {
			return nil, err
		}
		if after.Head == before.Head {
			return after, nil
		}
	}
}

// waitForStatuses waits for the positions of the books in all statuses.
func (c *Cluster) waitForStatuses(ctx context.Context, b *Books, namespace string) error {
	orders := map[string]eventcore.Position{}
	for id, order := range b.Orders {
		if id.Namespace == namespace && order.Object != nil {
			orders[id.Name] = order.Order.Position
		}
	}
	products := map[string]eventcore.Position{}
	for id, product := range b.Products {
		if id.Namespace == namespace && product.Object != nil {
			products[id.Name] = product.Position
		}
	}
	if len(orders) > 0 {
		err := c.WatchOrders(ctx, namespace, func(order *commercev1.Order, _ bool) bool {
			return reached(orders, order.Name, order.Status.History) && len(orders) == 0
		})
		if err != nil {
			return fmt.Errorf("%w (orders behind: %v)", err, orders)
		}
	}
	if len(products) > 0 {
		err := c.WatchProducts(ctx, namespace, func(product *commercev1.Product, _ bool) bool {
			return reached(products, product.Name, product.Status.History) && len(products) == 0
		})
		if err != nil {
			return fmt.Errorf("%w (products behind: %v)", err, products)
		}
	}
	return nil
}

// reached removes the object if its status shows what is asked for.
func reached(waiting map[string]eventcore.Position, name string, history commercev1.History) bool {
	position, ok := waiting[name]
	if ok && eventcore.Position(history.Position) >= position {
		delete(waiting, name)
	}
	return ok
}

// Events returns the events of an order, oldest first, decoded.
func (w *Witness) Events(ctx context.Context, id saga.OrderID) ([]eventcore.Event, error) {
	registry := saga.NewRegistry()
	var events []eventcore.Event
	for event, err := range w.Store.Read(ctx, eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}}}) {
		if err != nil {
			return nil, err
		}
		if err := registry.Decode(&event); err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}
