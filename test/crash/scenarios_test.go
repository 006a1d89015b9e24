// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"context"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// scenario is one order's way through the operator.
type scenario struct {
	name  string
	order func(*commercev1.Order)
	// later are the objects that are not there at first: the name of a Product, or of a kind.
	later   []string
	moments []moment
	end     ending
	// also are ends that are legal too if a crash puts the moments at others.
	also []ending
	// gone is set where the Order's object is gone at the end.
	gone bool
}

// ending is how an order rests.
type ending struct {
	outcome           saga.Outcome
	reason, attention string
}

// moment is when somebody does something: so long after the first event of the type, or after the moment before.
type moment struct {
	after string
	later time.Duration
	do    func(*world) error
}

var (
	completed       = ending{outcome: saga.Completed}
	cancelledByUser = ending{outcome: saga.Cancelled, reason: saga.ReasonCancelledByUser}
	shipmentRefused = ending{outcome: saga.Cancelled, reason: saga.ReasonShipmentRefused}
)

func cancelled(reason string) ending { return ending{outcome: saga.Cancelled, reason: reason} }

// token and addressee choose what the simulated providers do.
func token(token string) func(*commercev1.Order) {
	return func(o *commercev1.Order) { o.Spec.Payment.Token = token }
}

func addressee(name string) func(*commercev1.Order) {
	return func(o *commercev1.Order) { o.Spec.Shipping.Address.Name = name }
}

func onShipment(o *commercev1.Order) { o.Spec.Payment.CaptureMode = commercev1.CaptureOnShipment }

func all(changes ...func(*commercev1.Order)) func(*commercev1.Order) {
	return func(o *commercev1.Order) {
		for _, change := range changes {
			change(o)
		}
	}
}

func expiring(o *commercev1.Order) { o.Spec.TTLSecondsAfterFinished = new(int32(60)) }

// wants has the user change the Order.
func wants(change func(*commercev1.Order)) func(*world) error {
	return func(w *world) error { return w.change(change) }
}

func cancel(o *commercev1.Order) { o.Spec.Cancellation = commercev1.CancellationRequested }

func suspend(is bool) func(*commercev1.Order) {
	return func(o *commercev1.Order) { o.Spec.Suspend = &is }
}

// creates has somebody create the object.
func creates(object func() client.Object) func(*world) error {
	return func(w *world) error { return w.create(object()) }
}

func deletes(object client.Object) func(*world) error {
	return func(w *world) error {
		return w.api.Delete(context.Background(), object.DeepCopyObject().(client.Object)) //nolint:forcetypeassert // of the same type
	}
}

// decides answers the question that the status shows.
func decides(action commercev1.OrderResolutionAction) func(*world) error {
	return wants(func(o *commercev1.Order) {
		o.Spec.Resolution = commercev1.OrderResolution{
			AttentionPosition: o.Status.Attention.Position, Action: action, Reason: "Seen to", Reference: "by-hand", Actor: "ada",
		}
	})
}

// scenarios are the main ways of an order through the API server.
var scenarios = []scenario{
	{name: "an order succeeds", end: completed},
	{name: "an order is paid on shipment", order: onShipment, end: completed},
	{
		name: "there is not enough stock", order: func(o *commercev1.Order) { o.Spec.Items[0].Quantity = 100 },
		end: cancelled(saga.ReasonOutOfStock),
	},
	{name: "the payment is declined", order: token("sim_decline"), end: cancelled(saga.ReasonPaymentDeclined)},
	{name: "the reply to the charge is lost", order: token("sim_lost_reply"), end: completed},
	{name: "the shipment is refused", order: addressee("SIM REFUSE"), end: shipmentRefused},
	{name: "the shipment is refused, and the authorisation voided", order: all(onShipment, addressee("SIM REFUSE")), end: shipmentRefused},
	{name: "the capture is refused", order: all(onShipment, token("sim_capture_refused")), end: cancelled(saga.ReasonCaptureRefused)},
	{
		name: "all else comes after the Order", later: []string{"laptop-001", "PaymentGateway", "Carrier"},
		moments: []moment{
			{"StepWaiting", 10 * time.Second, creates(func() client.Object { return newProduct("laptop-001", 10) })},
			{"StockReserved", 10 * time.Second, creates(func() client.Object { return newGateway() })},
			{"PaymentProcessed", 10 * time.Second, creates(func() client.Object { return newCarrier() })},
		},
		end: completed,
	},
	{
		name: "cancelled by its user while it waits for a carrier", later: []string{"Carrier"},
		moments: []moment{{"PaymentProcessed", 10 * time.Second, wants(cancel)}}, end: cancelledByUser,
	},
	{
		name: "suspended from the start, and resumed", order: suspend(true),
		moments: []moment{{"OrderSuspended", time.Minute, wants(suspend(false))}}, end: completed,
	},
	{
		name: "its deadline passes while it waits for a carrier", later: []string{"Carrier"},
		order: func(o *commercev1.Order) { o.Spec.ActiveDeadlineSeconds = 60 },
		end:   cancelled(saga.ReasonDeadlineExceeded),
	},
	{
		name: "deleted while it waits for a carrier", later: []string{"Carrier"},
		moments: []moment{{"PaymentProcessed", 10 * time.Second, deletes(newOrder())}},
		end:     cancelled(saga.ReasonOrderDeleted), gone: true,
		also: []ending{cancelled(saga.ReasonDeadlineExceeded)}, // nobody has seen the deletion, and the grace is longer
	},
	{
		name: "deleted, and created again within the grace", later: []string{"Carrier"},
		moments: []moment{
			{"PaymentProcessed", 10 * time.Second, deletes(newOrder())},
			{"OrderSuspended", 10 * time.Second, creates(func() client.Object { return newOrder() })},
			{"OrderAttached", 10 * time.Second, creates(func() client.Object { return newCarrier() })},
		},
		end: completed,
	},
	{name: "deleted some time after its end", order: expiring, end: completed, gone: true},
	{
		name: "another order of its name comes after its end", order: expiring,
		moments: []moment{{"OrderCompleted", 5 * time.Minute, creates(func() client.Object {
			return newOrder(func(o *commercev1.Order) { o.Spec.Items[0].Quantity = 2 })
		})}},
		end: completed,
	},
	{
		name: "tried again once there is stock", order: func(o *commercev1.Order) { o.Spec.Items[0].Quantity = 11 },
		moments: []moment{
			{"OrderCancelled", 10 * time.Second, func(w *world) error {
				var product commercev1.Product
				name := client.ObjectKey{Namespace: orderID.Namespace, Name: "laptop-001"}
				if err := w.api.Get(context.Background(), name, &product); err != nil {
					return err
				}
				product.Spec.Supply[0].Received = new(int64(20))
				return w.api.Update(context.Background(), &product)
			}},
			{"", 10 * time.Second, wants(func(o *commercev1.Order) { o.Spec.Attempt = 2 })},
		},
		end: completed,
	},
	decided(commercev1.ResolutionSkip, cancelledByUser),
	decided(commercev1.ResolutionForce, cancelledByUser),
	decided(commercev1.ResolutionRetry, ending{reason: saga.ReasonCancelledByUser, attention: saga.ReasonRefundRefused}),
	{
		name: "its gateway is deleted, and stays until the refund", later: []string{"Carrier"},
		moments: []moment{
			{"PaymentProcessed", 10 * time.Second, deletes(newGateway())},
			{"", 10 * time.Second, wants(cancel)},
		},
		end: cancelledByUser,
	},
}

// decided is an order whose refund is refused, and about which a person decides.
func decided(action commercev1.OrderResolutionAction, end ending) scenario {
	return scenario{
		name: "a refused refund, then " + string(action), order: token("sim_refund_refused"), later: []string{"Carrier"},
		moments: []moment{
			{"PaymentProcessed", 10 * time.Second, wants(cancel)},
			{"AttentionRequired", time.Minute, decides(action)},
		},
		end: end,
	}
}

// begin creates what is there from the start, the Order last.
func (s scenario) begin(w *world) error {
	there := func(name string) bool { return !slices.Contains(s.later, name) }
	objects := []client.Object{newProduct("mouse-001", 50)}
	if there("laptop-001") {
		objects = append(objects, newProduct("laptop-001", 10))
	}
	if there("PaymentGateway") {
		objects = append(objects, newGateway())
	}
	if there("Carrier") {
		objects = append(objects, newCarrier())
	}
	order := newOrder()
	if s.order != nil {
		s.order(order)
	}
	return w.create(append(objects, order)...)
}

// check demands the scenario's end.
func (s scenario) check(w *world, crashed bool) {
	w.t.Helper()
	order := w.order()
	got := ending{outcome: order.Outcome, reason: order.Reason}
	if order.Attention != nil {
		got.attention = order.Attention.Reason
	}
	if got != s.end && (!crashed || !slices.Contains(s.also, got)) {
		w.t.Errorf("rests %+v, want %+v: %v", got, s.end, w.history())
	}
	if gone := w.books().Orders[orderID].Object == nil; gone != s.gone {
		w.t.Errorf("the Order is gone: %t, want %t", gone, s.gone)
	}
}
