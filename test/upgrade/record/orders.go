// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// namespace is that of all orders and products.
const namespace = "shop"

// example is an order, named after where it comes to stand.
type example struct{ name, product, token, mode, gateway, carrier, address string }

// begun are the orders. The last one is accepted when nobody works any more.
var begun = []example{
	{"completed", "pen", "sim_approve", "Immediate", "default", "default", "Ada"},
	{"completed-on-shipment", "pen", "sim_approve", "OnShipment", "default", "default", "Ada"},
	{"cancelled", "pen", "sim_decline", "Immediate", "default", "default", "Ada"},
	{"waits-for-product", "later", "sim_approve", "Immediate", "default", "default", "Ada"},
	{"waits-for-gateway", "pen", "sim_approve", "Immediate", "later", "default", "Ada"},
	{"charging", "pen", "sim_slow_300", "Immediate", "default", "default", "Ada"},
	{"authorizing", "pen", "sim_slow_300", "OnShipment", "default", "default", "Ada"},
	{"charge-retried", "pen", "sim_fail_12", "Immediate", "default", "default", "Ada"},
	{"waits-for-carrier", "pen", "sim_approve", "Immediate", "default", "later", "Ada"},
	{"authorized", "pen", "sim_approve", "OnShipment", "default", "later", "Ada"},
	{"shipping", "pen", "sim_approve", "Immediate", "default", "default", "SIM LOST"},
	{"capturing", "pen", "sim_capture_lost", "OnShipment", "default", "default", "Ada"},
	{"refunding", "pen", "sim_refund_lost", "Immediate", "default", "default", "SIM REFUSE"},
	{"voiding", "pen", "sim_void_lost", "OnShipment", "default", "default", "SIM REFUSE"},
	{"needs-attention", "pen", "sim_refund_refused", "Immediate", "default", "default", "SIM REFUSE"},
	{"suspended", "pen", "sim_approve", "Immediate", "default", "default", "Ada"},
	{"cancelling", "pen", "sim_slow_300", "Immediate", "default", "default", "Ada"},
	{"accepted", "pen", "sim_approve", "Immediate", "default", "default", "Ada"},
}

func uid(number int) string { return fmt.Sprintf("uid-%d", number) }

// object is the Order as its user has created it.
func (c example) object(number int) *commercev1.Order {
	return &commercev1.Order{
		TypeMeta: metav1.TypeMeta{APIVersion: commercev1.GroupVersion.String(), Kind: "Order"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: c.name, UID: types.UID(uid(number)), Generation: 1,
			CreationTimestamp: metav1.NewTime(time.Now().UTC().Truncate(time.Second)),
		},
		Spec: commercev1.OrderSpec{
			Attempt: 1, Customer: commercev1.Customer{ID: "cust-1"}, Currency: "EUR",
			Items:   []commercev1.OrderItem{{ProductName: c.product, Quantity: 3, UnitPrice: "5.00"}},
			Payment: commercev1.OrderPayment{GatewayName: c.gateway, Token: c.token, CaptureMode: commercev1.CaptureMode(c.mode)},
			Shipping: commercev1.OrderShipping{CarrierName: c.carrier, Address: commercev1.Address{
				Name: c.address, Lines: []string{"1 Street"}, City: "London", Country: "GB",
			}},
		},
	}
}

// content is what the order's saga starts from. Its deadline is far away: the test runs later.
func (c example) content(number int) (saga.OrderCreated, error) {
	price, err := saga.ParseMoney("EUR", "5.00")
	if err != nil {
		return saga.OrderCreated{}, err
	}
	lines := []saga.Line{{Product: c.product, Quantity: 3, UnitPrice: price}}
	total, err := saga.Total(lines)
	return saga.OrderCreated{
		UID: uid(number), Attempt: 1, Deadline: time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC),
		Customer: saga.Customer{ID: "cust-1"}, Lines: lines, Total: total,
		Gateway: c.gateway, CaptureMode: c.mode, Carrier: c.carrier,
		Address: saga.Address{Name: c.address, Lines: []string{"1 Street"}, City: "London", Country: "GB"},
	}, err
}
