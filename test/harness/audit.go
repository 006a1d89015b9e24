// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"iter"
	"slices"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// longAfter is when nothing can be due any more: whatever is open then is stuck.
const longAfter = 1000 * time.Hour

// Audit holds the books of the namespaces against all rules of package verify, at rest: when every order has ended and
// the statuses have caught up.
func Audit(b *Books) []verify.Violation {
	// What is in memory can be read.
	found, _ := verify.Check(b.events(), verify.Options{StoreID: b.identity.StoreID.String()}, b.evidence())
	return slices.DeleteFunc(found, func(v verify.Violation) bool { return !b.concerns(v) })
}

// Statuses holds the statuses of the namespaces against the events up to their positions, at any moment. It leaves out those
// that were not written yet, or not since the spec was changed.
func Statuses(b *Books) []verify.Violation {
	checker := verify.New(verify.Options{StoreID: b.identity.StoreID.String(), KeepSettled: true})
	for i := range b.log {
		checker.Apply(&b.log[i])
	}
	before := len(checker.Violations())
	for id, book := range b.Orders {
		if o := book.Object; o != nil && o.Status.History.Position != 0 && o.Status.ObservedGeneration == o.Generation {
			checker.ObserveStatus(id, *orderStatus(o, b.identity))
		}
	}
	return checker.Violations()[before:]
}

// Summary tells what an Audit without violations has held against each other.
func (b *Books) Summary() string {
	return fmt.Sprintf("%d events, %d orders, %d products, %d entries of the providers' ledgers, %d rules",
		len(b.log), len(b.Orders), len(b.Products), len(b.movements), len(verify.Always())+len(verify.AtRest()))
}

// concerns leaves out orders and products of other namespaces, which need not be at rest.
func (b *Books) concerns(v verify.Violation) bool {
	namespace := v.Order.Namespace + v.Product.Namespace
	return namespace == "" || slices.Contains(b.namespaces, namespace)
}

func (b *Books) events() iter.Seq2[*eventcore.Event, error] {
	return func(yield func(*eventcore.Event, error) bool) {
		for i := range b.log {
			if !yield(&b.log[i], nil) {
				return
			}
		}
	}
}

func (b *Books) evidence() verify.Evidence {
	evidence := verify.Evidence{
		Movements: func(yield func(verify.Movement, error) bool) {
			for _, m := range b.movements {
				if !yield(m, nil) {
					return
				}
			}
		},
		Orders: map[saga.OrderID]*verify.OrderStatus{}, Products: map[saga.ProductID]*verify.ProductStatus{},
	}
	if n := len(b.log); n > 0 {
		evidence.Now = b.log[n-1].RecordedAt.Add(longAfter)
	}
	for id, book := range b.Orders {
		if book.Object != nil {
			evidence.Orders[id] = orderStatus(book.Object, b.identity)
		}
	}
	for id, product := range b.Products {
		if product.Object != nil {
			evidence.Products[id] = productStatus(product.Object)
		}
	}
	return evidence
}

func orderStatus(object *commercev1.Order, identity eventcore.Identity) *verify.OrderStatus {
	outcome, position := string(object.Status.Outcome), eventcore.Position(object.Status.History.Position)
	ready := apimeta.FindStatusCondition(object.Status.Conditions, commercev1.ConditionReady)
	attention := ready != nil && ready.Status == metav1.ConditionFalse && ready.Reason == commercev1.ReasonNeedsAttention
	return &verify.OrderStatus{
		UID: string(object.UID), Outcome: &outcome, Charged: &object.Status.Charged, Refunded: &object.Status.Refunded,
		NeedsAttention: &attention, Epoch: object.Status.History.Epoch, Position: &position,
		Differs: func(folded saga.Order) string { return order.Difference(object, folded, identity) },
	}
}

// productStatus also holds the supply of the spec against what was recorded.
func productStatus(object *commercev1.Product) *verify.ProductStatus {
	supplied := int64(0)
	for _, source := range object.Spec.Supply {
		supplied += valueOf(source.Received) - valueOf(source.Removed)
	}
	status := &object.Status
	return &verify.ProductStatus{
		Supplied: &supplied, Available: status.Available, Reserved: status.Reserved, Shipped: status.Shipped,
	}
}

func valueOf(number *int64) int64 {
	if number == nil {
		return 0
	}
	return *number
}
