// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// FuzzHistory folds any events: whatever a log holds, it is decoded and folded, or refused with an error.
func FuzzHistory(f *testing.F) {
	registry := saga.NewRegistry()
	for _, event := range []string{
		"OrderCreated", "PaymentRequested", "PaymentProcessed", "StepRetryScheduled", "AttentionRequired", "AttentionResolved",
		"StockReserved", "ShipmentCreated", "OrderShipped", "CompensationStarted", "Unknown",
	} {
		for _, data := range []string{`{}`, `null`, `{"step":"ProcessPayment","undo":true}`, `{"lines":[{"product":"pen","quantity":-1}]}`} {
			f.Add("OrderCreated", []byte(`{"uid":"u","attempt":1,"flowVersion":1,"captureMode":"OnShipment"}`), event, []byte(data))
		}
	}
	f.Fuzz(func(_ *testing.T, firstType string, first []byte, secondType string, second []byte) {
		order, stock := saga.Order{}, saga.Stock{}
		orderStream := eventcore.StreamID("order-shop/a")
		stockStream := eventcore.StreamID("inventory-product-shop/pen")
		for i, event := range []eventcore.Event{{Type: firstType, Data: first}, {Type: secondType, Data: second}} {
			event.SchemaVersion, event.Position = 1, eventcore.Position(i+1)
			event.RecordedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			if registry.Decode(&event) != nil {
				continue
			}
			order, stock = order.Apply(orderStream, &event), stock.Apply(stockStream, &event)
		}
		for _, service := range []saga.Service{saga.OrderService, saga.InventoryService, saga.PaymentService, saga.ShippingService} {
			order.Next(service, time.Now())
		}
		_, _, _ = order.Money(), order.NothingLeft(), stock.Available()
	})
}
