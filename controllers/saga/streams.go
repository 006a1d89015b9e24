// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"strings"

	"github.com/eventcore/order-operator/eventcore"
)

// The aggregate streams hold all events of a service. They are append-only: no command reads them.
const (
	OrderAggregate     eventcore.StreamID = "order-aggregate"
	InventoryAggregate eventcore.StreamID = "inventory-aggregate"
	PaymentAggregate   eventcore.StreamID = "payment-aggregate"
	ShippingAggregate  eventcore.StreamID = "shipping-aggregate"
)

// AggregateStreams returns the aggregate streams of all services, for eventcore.ExecutorOptions.AppendOnly.
func AggregateStreams() []eventcore.StreamID {
	return append([]eventcore.StreamID{OrderAggregate, InventoryAggregate, PaymentAggregate, ShippingAggregate}, ownAggregates...)
}

// HistoryStream holds what has become of the history as a whole: see History.
const HistoryStream eventcore.StreamID = "operator-history"

const (
	orderPrefix   = "order-"
	productPrefix = "inventory-product-"
)

// OrderID names an order: the namespace and name of its Order, each at most 63 characters.
type OrderID struct {
	Namespace string
	Name      string
}

// Stream is the order's stream: every event about the order, of all services.
func (id OrderID) Stream() eventcore.StreamID {
	return eventcore.StreamID(orderPrefix + id.Namespace + "/" + id.Name)
}

// String returns namespace/name.
func (id OrderID) String() string { return id.Namespace + "/" + id.Name }

// Product returns the id of a product in the order's namespace.
func (id OrderID) Product(name string) ProductID {
	return ProductID{Namespace: id.Namespace, Name: name}
}

// ProductStreams returns the streams of the products of the lines, in their order.
func (id OrderID) ProductStreams(lines []Line) []eventcore.StreamID {
	streams := make([]eventcore.StreamID, 0, len(lines))
	for _, line := range lines {
		streams = append(streams, id.Product(line.Product).Stream())
	}
	return streams
}

// ProductID names a product: the namespace and name of its Product.
type ProductID struct {
	Namespace string
	Name      string
}

// Stream is the product's stream: its supply and every movement of its stock.
func (id ProductID) Stream() eventcore.StreamID {
	return eventcore.StreamID(productPrefix + id.Namespace + "/" + id.Name)
}

// String returns namespace/name.
func (id ProductID) String() string { return id.Namespace + "/" + id.Name }

// ParseOrderStream returns the order whose stream it is, and false for any other stream: the order's
// aggregate starts alike, but has no slash.
func ParseOrderStream(stream eventcore.StreamID) (OrderID, bool) {
	namespace, name, ok := parse(stream, orderPrefix)
	return OrderID{Namespace: namespace, Name: name}, ok
}

// ParseProductStream returns the product whose stream it is, and false for any other stream.
func ParseProductStream(stream eventcore.StreamID) (ProductID, bool) {
	namespace, name, ok := parse(stream, productPrefix)
	return ProductID{Namespace: namespace, Name: name}, ok
}

func parse(stream eventcore.StreamID, prefix string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(string(stream), prefix)
	if !ok {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, "/")
	return namespace, name, ok && namespace != "" && name != ""
}

// OrderOf returns the order that the event belongs to.
func OrderOf(event *eventcore.Event) (OrderID, bool) {
	for _, m := range event.Streams {
		if id, ok := ParseOrderStream(m.Stream); ok {
			return id, true
		}
	}
	return OrderID{}, false
}

// ProductsOf returns the products that the event belongs to.
func ProductsOf(event *eventcore.Event) []ProductID {
	var ids []ProductID
	for _, m := range event.Streams {
		if id, ok := ParseProductStream(m.Stream); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
