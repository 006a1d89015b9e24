// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
)

// content is what an order's saga starts from.
type content struct{ saga.OrderCreated }

// with returns the content of an order as the object with the UID would have it.
func (c content) with(uid string) saga.OrderCreated {
	c.UID = uid
	return c.OrderCreated
}

// order is a customer's order for the lines.
func order(customer string, lines ...saga.Line) content {
	total, err := saga.Total(lines)
	if err != nil {
		panic(err) // the lines are written in this program
	}
	return content{saga.OrderCreated{
		Customer: saga.Customer{ID: customer}, Lines: lines, Total: total,
		Gateway: "default", CaptureMode: "Immediate", Carrier: "default",
		Address: saga.Address{Name: "Ada Example", Lines: []string{"1 Sample Street"}, City: "Springfield", Country: "US"},
	}}
}

func line(quantity int64, product string, cents int64) saga.Line {
	return saga.Line{Product: product, Quantity: quantity, UnitPrice: dollars(cents)}
}

func dollars(cents int64) saga.Money { return saga.Money{Currency: "USD", Minor: cents} }

func orderID(name string) saga.OrderID { return saga.OrderID{Namespace: "shop", Name: name} }

func product(name string) saga.ProductID { return saga.ProductID{Namespace: "shop", Name: name} }

// describe tells what an event says, in a few words.
func describe(payload any) string {
	switch payload := payload.(type) {
	case saga.OrderCreated:
		return units(saga.StockLines(payload.Lines))
	case saga.StockReserved:
		return units(payload.Lines)
	case saga.StockReservationReleased:
		return units(payload.Lines)
	case saga.StockReservationFailed:
		return fmt.Sprintf("%d ordered, %d available", payload.Shortages[0].Requested, payload.Shortages[0].Available)
	case saga.PaymentRequested:
		return money(payload.Amount)
	case saga.PaymentProcessed:
		return money(payload.Amount)
	case saga.RefundRequested:
		return money(payload.Amount)
	case saga.PaymentRefunded:
		return money(payload.Amount)
	}
	return remark(payload)
}

// remark is describe for what can't be counted.
func remark(payload any) string {
	switch payload := payload.(type) {
	case saga.ShipmentRequested:
		return "by carrier " + payload.Carrier
	case saga.ShipmentCreated:
		return "ready, and can still be cancelled"
	case saga.PaymentFailed:
		return payload.Message
	case saga.ShipmentFailed:
		return payload.Message
	case saga.OutcomeUnknown:
		return payload.Message
	case saga.CompensationStarted:
		return payload.Reason
	case saga.OrderCancelled:
		return payload.Reason
	case saga.OrderCompleted:
		return "the carrier may take it: " + units(payload.Lines)
	}
	return ""
}

func money(amount saga.Money) string { return amount.String() + " " + amount.Currency }

func units(lines []saga.StockLine) string {
	parts := make([]string, 0, len(lines))
	for _, line := range lines {
		parts = append(parts, fmt.Sprintf("%d %s", line.Quantity, line.Product))
	}
	return strings.Join(parts, ", ")
}
