// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// namespace is that of all orders and products.
const namespace = "shop"

// productCount is how many products there are; every order wants some of them.
const productCount = 5

// people are the shop's customers, clerks and administrators.
type people struct {
	world *World
	// tries counts how often people have had something tried again.
	tries map[saga.OrderID]int
}

func named(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: name}
}

// begin has people plan their day.
func (p *people) begin() {
	w := p.world
	p.tries = map[saga.OrderID]int{}
	arrivals := w.plan.span * 2 / 3
	for i := range productCount {
		p.sometime("create a product", arrivals, func() { p.supply(i) })
		w.after(w.between(0, w.plan.span), "supply", func() { p.supply(i) })
	}
	p.sometime("create a gateway", arrivals, p.openGateway)
	p.sometime("create a carrier", arrivals, p.openCarrier)
	for i := range w.options.Orders {
		order := p.newOrder(i)
		at := w.between(0, arrivals)
		w.after(at, "order "+order.Name, func() { _ = w.server.create(order) })
		if w.chance(w.plan.verbs) {
			p.interfere(order, at)
		}
	}
	for at := 5 * time.Second; at < w.plan.span; at += w.between(time.Second, 20*time.Second) {
		w.after(at, "decide", func() { p.decide(false) })
	}
}

// sometime does it at once, or only after some orders are there.
func (p *people) sometime(what string, latest time.Duration, do func()) {
	at := time.Duration(0)
	if p.world.chance(p.world.plan.late) {
		at = p.world.between(0, latest)
	}
	p.world.after(at, what, do)
}

// provideAll creates what is not there yet, and lets nobody wait.
func (p *people) provideAll() {
	for i := range productCount {
		if p.world.server.tables[products].objects[named(productName(i))] == nil {
			p.supply(i)
		}
	}
	p.openGateway()
	p.openCarrier()
	for _, name := range names(p.world.server.tables[orders].objects) {
		p.change(name.Name, func(o *commercev1.Order) { o.Spec.Suspend = nil })
	}
}

func productName(i int) string { return fmt.Sprintf("product-%d", i) }

// supply creates the product, or brings more of it.
func (p *people) supply(i int) {
	w := p.world
	units := int64(4 * w.options.Orders)
	if w.chance(w.plan.scarce) {
		units = int64(1 + w.random.IntN(1+w.options.Orders/4))
	}
	stored := w.server.tables[products].objects[named(productName(i))]
	if stored == nil {
		_ = w.server.create(&commercev1.Product{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: productName(i)},
			Spec: commercev1.ProductSpec{Supply: []commercev1.ProductSupply{
				{Source: "warehouse", Received: new(units), Removed: new(int64(0))},
			}},
		})
		return
	}
	more := copyOf(stored).(*commercev1.Product) //nolint:forcetypeassert // of this table
	*more.Spec.Supply[0].Received += units
	_, _ = w.server.update(more)
}

func (p *people) openGateway() {
	_ = p.world.server.create(&commercev1.PaymentGateway{
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
		Spec: commercev1.PaymentGatewaySpec{
			Provider: commercev1.PaymentGatewayProvider{Simulated: &commercev1.SimulatedPaymentProvider{}},
		},
	})
}

func (p *people) openCarrier() {
	_ = p.world.server.create(&commercev1.Carrier{
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
		Spec: commercev1.CarrierSpec{
			Provider: commercev1.CarrierProvider{Simulated: &commercev1.SimulatedCarrierProvider{}},
		},
	})
}

// pick draws the first value most of the time, and one of the others in the share of all draws.
func pick[T any](w *World, share float64, usual T, others ...T) T {
	if w.chance(share) {
		return others[w.random.IntN(len(others))]
	}
	return usual
}

// newOrder draws an order.
func (p *people) newOrder(i int) *commercev1.Order {
	w := p.world
	items := []commercev1.OrderItem{}
	for _, product := range w.random.Perm(productCount)[:1+w.random.IntN(3)] {
		items = append(items, commercev1.OrderItem{
			ProductName: productName(product), Quantity: int32(1 + w.random.IntN(3)), UnitPrice: fmt.Sprintf("%d.%02d", product+1, i%100),
		})
	}
	order := &commercev1.Order{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("order-%03d", i)},
		Spec: commercev1.OrderSpec{
			Customer: commercev1.Customer{ID: "cust-1"}, Currency: "EUR", Items: items,
			Payment: commercev1.OrderPayment{
				GatewayName: "default",
				Token:       pick(w, 0.35, tokenApprove, tokenDecline, tokenRefundRefused, tokenCaptureRefused, tokenVoidRefused),
				CaptureMode: pick(w, 0.4, commercev1.CaptureImmediate, commercev1.CaptureOnShipment),
			},
			Shipping: commercev1.OrderShipping{CarrierName: "default", Address: commercev1.Address{
				Name:  pick(w, 0.3, addressFine, addressRefused, addressDispatched, addressCancelRefused),
				Lines: []string{"12 St James's Square"}, City: "London", Country: "GB",
			}},
			ActiveDeadlineSeconds: pick[int32](w, 0.6, 300, 5, 20, 60, 600),
		},
	}
	if w.chance(0.05) {
		order.Spec.Suspend = new(true)
	}
	if w.chance(0.05) {
		order.Spec.TTLSecondsAfterFinished = new(int32(w.random.IntN(20)))
	}
	return order
}

// change has somebody change an Order, if it is there and the change is allowed.
func (p *people) change(name string, how func(*commercev1.Order)) {
	stored := p.world.server.tables[orders].objects[named(name)]
	if stored == nil {
		return
	}
	changed := copyOf(stored).(*commercev1.Order) //nolint:forcetypeassert // of this table
	how(changed)
	_, _ = p.world.server.update(changed)
}

// interfere has people do something to the order, once or several times.
func (p *people) interfere(order *commercev1.Order, created time.Duration) {
	w := p.world
	for range 1 + w.random.IntN(2) {
		verb := verbs[w.random.IntN(len(verbs))]
		w.after(created+w.between(0, 20*time.Second), verb.name+" "+order.Name, func() { verb.do(p, order) })
	}
}

// verbs are what people do to orders.
var verbs = []struct {
	name string
	do   func(*people, *commercev1.Order)
}{
	{"cancel", func(p *people, o *commercev1.Order) { p.change(o.Name, cancel) }},
	{"suspend", (*people).suspend},
	{"delete", func(p *people, o *commercev1.Order) { p.delete(o.Name) }},
	{"delete and create", (*people).replace},
	{"cancel and try again", (*people).retry},
}

func cancel(o *commercev1.Order) { o.Spec.Cancellation = commercev1.CancellationRequested }

func (p *people) suspend(order *commercev1.Order) {
	p.change(order.Name, func(o *commercev1.Order) { o.Spec.Suspend = new(true) })
	p.world.after(p.world.between(0, 30*time.Second), "resume "+order.Name, func() {
		p.change(order.Name, func(o *commercev1.Order) { o.Spec.Suspend = new(false) })
	})
}

func (p *people) delete(name string) { _ = p.world.server.delete(orders, named(name), nil) }

// replace deletes an Order and creates it again, at times as another one.
func (p *people) replace(order *commercev1.Order) {
	p.delete(order.Name)
	again := copyOf(order).(*commercev1.Order) //nolint:forcetypeassert // it was one
	if p.world.chance(0.3) {
		again.Spec.Items = slices.Clone(again.Spec.Items)
		again.Spec.Items[0].Quantity++
	}
	p.world.after(p.world.between(0, 90*time.Second), "create again "+order.Name, func() { _ = p.world.server.create(again) })
}

// retry cancels an order and, once that has happened, orders anew.
func (p *people) retry(order *commercev1.Order) {
	p.change(order.Name, cancel)
	p.world.after(p.world.between(time.Second, time.Minute), "another attempt of "+order.Name, func() {
		p.change(order.Name, func(o *commercev1.Order) {
			o.Spec.Attempt++
			o.Spec.Cancellation, o.Spec.Resolution = "", commercev1.OrderResolution{}
		})
	})
}
