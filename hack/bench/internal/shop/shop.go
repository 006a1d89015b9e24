// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package shop

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/saga"
)

// Namespace is that of all orders and products.
const Namespace = "shop"

// Products is how many products there are, and Items how many of them each order is for.
const (
	Products = 99
	Items    = 3
)

// Source is who supplies the products, and Supply how much of each there is from the start.
const (
	Source = "factory"
	Supply = 1_000_000_000_000
)

// Product returns the id of a product; any number names one.
func Product(number int) saga.ProductID {
	return saga.ProductID{Namespace: Namespace, Name: fmt.Sprintf("product-%03d", number%Products)}
}

// Order returns the id and the content of an order. The carrier refuses it if it is to be compensated.
func Order(number int, compensated bool) (saga.OrderID, saga.OrderCreated) {
	lines := make([]saga.Line, Items)
	total := saga.Money{Currency: "USD"}
	for i := range lines {
		price := saga.Money{Currency: "USD", Minor: int64(1_000 * (i + 1))}
		lines[i] = saga.Line{Product: Product(Items*number + i).Name, Quantity: int64(i + 1), UnitPrice: price}
		total.Minor += price.Minor * lines[i].Quantity
	}
	recipient := "Ada Example"
	if compensated {
		recipient = refused
	}
	return saga.OrderID{Namespace: Namespace, Name: fmt.Sprintf("order-%09d", number)}, saga.OrderCreated{
		UID: uuid.NewString(), Customer: saga.Customer{ID: "cust-123", Email: "ada@example.com"},
		Lines: lines, Total: total, Gateway: "default", CaptureMode: saga.CaptureImmediate, Carrier: "default",
		Address: saga.Address{
			Name: recipient, Lines: []string{"1 Sample Street"}, City: "Springfield", PostalCode: "12345", Country: "US",
		},
	}
}

// refused is the recipient whom the carrier does not serve.
const refused = "Nobody"

// Refuses reports whether the carrier refuses shipments to the address.
func Refuses(address saga.Address) bool { return address.Name == refused }

// What the providers answer.
const (
	ChargeReference   = "ch_0123456789abcdefghijklmn"
	RefundReference   = "re_0123456789abcdefghijklmn"
	ShipmentReference = "sh_0123456789abcdefghijklmn"
	TrackingNumber    = "TRACK0123456789"
	RefusalCode       = "address_refused"
	RefusalMessage    = "The carrier does not deliver to this address"
)
