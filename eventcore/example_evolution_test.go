// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package eventcore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// Money is an amount in a currency's smallest unit.
type Money struct {
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

type (
	// OrderPlaced is what the shop writes today: version 3.
	OrderPlaced struct {
		Given  string `json:"given"`
		Family string `json:"family"`
		Total  Money  `json:"total"`
		// Gift was added later. It needs no new version: orders from before it are no gifts.
		Gift bool `json:"gift,omitempty"`
	}
	// orderPlacedV2 had the customer's name in one field.
	orderPlacedV2 struct {
		Customer string `json:"customer"`
		Total    Money  `json:"total"`
	}
	// orderPrinted is not written any more. What was in it is of no interest to anybody.
	orderPrinted struct{}
)

// In version 1, when events were named OrderMade, the total was a number of cents. Its Go type is gone.
func totalInEuro(old json.RawMessage) (orderPlacedV2, error) {
	var v1 struct {
		Customer string `json:"customer"`
		Total    int64  `json:"total"`
	}
	if err := json.Unmarshal(old, &v1); err != nil {
		return orderPlacedV2{}, err
	}
	return orderPlacedV2{Customer: v1.Customer, Total: Money{Currency: "EUR", Minor: v1.Total}}, nil
}

func splitName(old orderPlacedV2) (OrderPlaced, error) {
	given, family, _ := strings.Cut(old.Customer, " ")
	if given == "" {
		return OrderPlaced{}, errors.New("an order without a customer")
	}
	return OrderPlaced{Given: given, Family: family, Total: old.Total}, nil
}

var shop = eventcore.NewRegistry(
	eventcore.Type[OrderPlaced]("OrderPlaced", 3),
	eventcore.Upcast("OrderPlaced", 2, splitName),
	eventcore.Upcast("OrderPlaced", 1, totalInEuro),
	eventcore.Renamed("OrderMade", "OrderPlaced"),
	eventcore.Type[orderPrinted]("OrderPrinted", 1),
)

// Events of all times are read as what the program knows today. What is stored never changes.
func ExampleUpcast() {
	ctx := context.Background()
	store := memory.New(memory.Options{})
	history := []eventcore.Event{
		{Type: "OrderMade", SchemaVersion: 1, Data: []byte(`{"customer":"Ada Lovelace","total":1999}`)},
		{Type: "OrderPrinted", SchemaVersion: 1, Data: []byte(`{"printer":"HP 4"}`)},
		{Type: "OrderPlaced", SchemaVersion: 2,
			Data: []byte(`{"customer":"Ben","total":{"currency":"CHF","minor":500}}`)},
		{Type: "OrderPlaced", SchemaVersion: 3,
			Data: []byte(`{"given":"Cleo","family":"Ray","total":{"currency":"EUR","minor":700},"gift":true}`)},
		{Type: "OrderPlaced", SchemaVersion: 4, Data: []byte(`{"to":"Dora"}`)},
	}
	for i := range history {
		history[i].Streams = []eventcore.Membership{{Stream: "orders"}}
	}
	if _, err := store.Append(ctx, eventcore.AppendRequest{Events: history}); err != nil {
		fmt.Println(err)
		return
	}
	for event, err := range store.Read(ctx, eventcore.Query{}) {
		if err == nil {
			err = shop.Decode(&event)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s version %d: %T%+v\n", event.Type, event.SchemaVersion, event.Payload, event.Payload)
	}
	// Output:
	// OrderMade version 1: eventcore_test.OrderPlaced{Given:Ada Family:Lovelace Total:{Currency:EUR Minor:1999} Gift:false}
	// OrderPrinted version 1: eventcore_test.orderPrinted{}
	// OrderPlaced version 2: eventcore_test.OrderPlaced{Given:Ben Family: Total:{Currency:CHF Minor:500} Gift:false}
	// OrderPlaced version 3: eventcore_test.OrderPlaced{Given:Cleo Family:Ray Total:{Currency:EUR Minor:700} Gift:true}
	// event 5: unknown event type: OrderPlaced version 4; the newest version registered is 3: a newer program wrote it, upgrade this one
}
