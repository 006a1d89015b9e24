// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// Books are all that is known about the orders and products of some namespaces: what the event store says, what the providers say, and
// what the API server says.
type Books struct {
	Orders   map[saga.OrderID]*OrderBook
	Products map[saga.ProductID]*ProductBook
	// Head is the position up to which the event store was read.
	Head eventcore.Position

	namespaces []string
	identity   eventcore.Identity
	log        []eventcore.Event
	movements  []verify.Movement
}

// OrderBook is what is known about an order.
type OrderBook struct {
	// Order is the fold of its events.
	Order saga.Order
	// Completed and Cancelled count the events of its end.
	Completed, Cancelled int
	// The providers' entries of what was done for it.
	Charges, Refunds, Shipments, Cancellations []ledger.Entry
	// Object is the Order, nil if there is none.
	Object *commercev1.Order
}

// ProductBook is what is known about a product. The figures are counted from the events, by other code than the operator's.
type ProductBook struct {
	// Supplied is what was received less what was removed.
	Supplied int64
	// Reserved and Shipped are what reservations, releases and completions add up to.
	Reserved, Shipped int64
	// Ordered is what the completed orders ask for.
	Ordered int64
	// Position is that of the last event.
	Position eventcore.Position
	// Object is the Product, nil if there is none.
	Object *commercev1.Product
}

// ReadBooks reads the books of the namespaces.
func ReadBooks(ctx context.Context, witness *Witness, reader client.Reader, namespaces ...string) (*Books, error) {
	b := &Books{
		Orders: map[saga.OrderID]*OrderBook{}, Products: map[saga.ProductID]*ProductBook{},
		namespaces: namespaces, identity: witness.Store.Identity(),
	}
	if err := b.readEvents(ctx, witness.Store, namespaces); err != nil {
		return nil, err
	}
	for _, book := range witness.ledgers() {
		if err := b.readLedger(ctx, book, namespaces); err != nil {
			return nil, err
		}
	}
	for _, namespace := range namespaces {
		if err := b.readObjects(ctx, reader, namespace); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *Books) readEvents(ctx context.Context, store eventcore.Store, namespaces []string) error {
	registry := saga.NewRegistry()
	for event, err := range store.Read(ctx, eventcore.Query{}) {
		if err != nil {
			return err
		}
		if err := registry.Decode(&event); err != nil {
			return err
		}
		b.Head = event.Position
		b.log = append(b.log, event)
		id, ok := saga.OrderOf(&event)
		if ok && slices.Contains(namespaces, id.Namespace) {
			b.order(id).add(id, &event)
		}
		for _, product := range saga.ProductsOf(&event) {
			if slices.Contains(namespaces, product.Namespace) {
				b.product(product).add(product.Name, &event)
			}
		}
	}
	for id, book := range b.Orders {
		if book.Completed == 0 {
			continue
		}
		for _, line := range book.Order.Content.Lines {
			b.product(id.Product(line.Product)).Ordered += line.Quantity
		}
	}
	return nil
}

func (b *Books) order(id saga.OrderID) *OrderBook {
	if b.Orders[id] == nil {
		b.Orders[id] = &OrderBook{}
	}
	return b.Orders[id]
}

func (b *Books) product(id saga.ProductID) *ProductBook {
	if b.Products[id] == nil {
		b.Products[id] = &ProductBook{}
	}
	return b.Products[id]
}

func (o *OrderBook) add(id saga.OrderID, event *eventcore.Event) {
	o.Order = o.Order.Apply(id.Stream(), event)
	switch event.Payload.(type) {
	case saga.OrderCompleted:
		o.Completed++
	case saga.OrderCancelled:
		o.Cancelled++
	}
}

func (p *ProductBook) add(name string, event *eventcore.Event) {
	p.Position = event.Position
	switch payload := event.Payload.(type) {
	case saga.StockSupplied:
		p.Supplied = 0
		for _, total := range payload.Supply {
			p.Supplied += total.Received - total.Removed
		}
	case saga.StockReserved:
		p.Reserved += units(payload.Lines, name)
	case saga.StockReservationReleased:
		p.Reserved -= units(payload.Lines, name)
	case saga.OrderCompleted:
		p.Reserved -= units(payload.Lines, name)
		p.Shipped += units(payload.Lines, name)
	}
}

func units(lines []saga.StockLine, product string) (sum int64) {
	for _, line := range lines {
		if line.Product == product {
			sum += line.Quantity
		}
	}
	return sum
}

func (b *Books) readLedger(ctx context.Context, book Entries, namespaces []string) error {
	for entry, err := range book.Entries(ctx) {
		if err != nil {
			return err
		}
		b.movements = append(b.movements, movementOf(entry))
		if entry.State != ledger.Done {
			continue
		}
		if id, ok := orderOf(entry); ok && slices.Contains(namespaces, id.Namespace) {
			b.order(id).addEntry(entry)
		}
	}
	return nil
}

// orderOf returns the order that the entry's correlation names: store/namespace/name/attempt.
func orderOf(entry ledger.Entry) (saga.OrderID, bool) {
	parts := strings.Split(entry.Correlation, "/")
	if len(parts) != 4 {
		return saga.OrderID{}, false
	}
	return saga.OrderID{Namespace: parts[1], Name: parts[2]}, true
}

func (o *OrderBook) addEntry(entry ledger.Entry) {
	switch entry.Kind {
	case ledger.Charge, ledger.Capture:
		o.Charges = append(o.Charges, entry)
	case ledger.Refund:
		o.Refunds = append(o.Refunds, entry)
	case ledger.Shipment:
		o.Shipments = append(o.Shipments, entry)
	case ledger.Cancellation:
		o.Cancellations = append(o.Cancellations, entry)
	case ledger.Authorization, ledger.Void: // no money moves
	}
}

func (b *Books) readObjects(ctx context.Context, reader client.Reader, namespace string) error {
	var orders commercev1.OrderList
	if err := reader.List(ctx, &orders, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range orders.Items {
		object := &orders.Items[i]
		b.order(saga.OrderID{Namespace: namespace, Name: object.Name}).Object = object
	}
	var products commercev1.ProductList
	if err := reader.List(ctx, &products, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range products.Items {
		object := &products.Items[i]
		b.product(saga.ProductID{Namespace: namespace, Name: object.Name}).Object = object
	}
	return nil
}
