// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tortureoperator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

const (
	namespace = "shop"
	// account is the name of the PaymentGateway and of the Carrier.
	account = "default"
	// scarce is a product of which there are soon too few.
	scarce = "scarce-001"
)

// orders come in at a steady rate, whatever becomes of them.
type orders struct {
	client client.Client

	mu    sync.Mutex
	names []string
}

// come creates orders until ctx ends, and cancels some and suspends some for a while.
func (o *orders) come(ctx context.Context, random *rand.Rand) {
	ticker := time.NewTicker(*every)
	defer ticker.Stop()
	for number := 0; ; number++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		order := o.order(number, random)
		if !o.create(ctx, order) {
			continue
		}
		o.mu.Lock()
		o.names = append(o.names, order.Name)
		previous := o.names[max(0, len(o.names)-1-random.IntN(10))]
		o.mu.Unlock()
		switch number % 8 {
		case 3:
			o.change(ctx, previous, `{"spec":{"cancellation":"Requested"}}`)
		case 5:
			o.change(ctx, previous, `{"spec":{"suspend":true}}`)
		}
		if number%4 == 2 {
			o.resumeAll(ctx)
		}
	}
}

// create returns whether the order is there. While the API server is away nobody can order.
func (o *orders) create(ctx context.Context, order *commercev1.Order) bool {
	err := o.client.Create(ctx, order)
	if err == nil || apierrors.IsAlreadyExists(err) {
		return true
	}
	// The API server may have stored it all the same.
	return o.client.Get(ctx, client.ObjectKeyFromObject(order), order) == nil
}

// change is a person's wish, which comes too late where the order has ended, and is lost where the API server is away.
func (o *orders) change(ctx context.Context, name, patch string) {
	order := &commercev1.Order{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	_ = o.client.Patch(ctx, order, client.RawPatch("application/merge-patch+json", []byte(patch)))
}

// resumeAll ends all suspensions. It reports whether none is left.
func (o *orders) resumeAll(ctx context.Context) bool {
	var list commercev1.OrderList
	if err := o.client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return false
	}
	for i := range list.Items {
		if suspend := list.Items[i].Spec.Suspend; suspend != nil && *suspend {
			o.change(ctx, list.Items[i].Name, `{"spec":{"suspend":false}}`)
			return false
		}
	}
	return true
}

func (o *orders) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.names)
}

// order returns one of several kinds: what is asked for and when it is paid differs.
func (o *orders) order(number int, random *rand.Rand) *commercev1.Order {
	order := &commercev1.Order{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("order-%d", number)},
		Spec: commercev1.OrderSpec{
			Customer: commercev1.Customer{ID: "cust-123"},
			Currency: "USD",
			Items: []commercev1.OrderItem{
				{ProductName: "laptop-001", Quantity: 1, UnitPrice: "1200.00"},
				{ProductName: "mouse-001", Quantity: int32(1 + random.IntN(3)), UnitPrice: "25.50"},
			},
			Payment: commercev1.OrderPayment{Token: "sim_approve"},
			Shipping: commercev1.OrderShipping{Address: commercev1.Address{
				Name: "Ada Example", Lines: []string{"1 Sample Street"}, City: "Springfield", Country: "US",
			}},
		},
	}
	if number%2 == 1 {
		order.Spec.Payment.CaptureMode = commercev1.CaptureOnShipment
	}
	if number%5 == 4 {
		order.Spec.Items[1].ProductName = scarce
	}
	return order
}
