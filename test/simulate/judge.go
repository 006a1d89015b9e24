// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// Rules of the simulation's own.
const (
	// notEnded: when faults have ended, every order ends, and every Order says so.
	notEnded = "NothingStuck"
	// notAtRest: what has ended costs nothing any more.
	notAtRest = "AtRest"
	// refusedWrite: no status is written that the API server has to refuse.
	refusedWrite = "StatusAllowed"
	// falseAlarm: nobody takes the store for one that was rolled back.
	falseAlarm = "FalseAlarm"
)

// settling is how long statuses may lag after the last order has ended; resting is how long nothing may happen then.
const (
	settling = 40 * time.Second
	resting  = 30 * time.Second
)

// over reports whether all orders have ended, and nobody wants anything more.
func (w *World) over() bool { return len(w.agenda) == 0 && len(w.open(1)) == 0 }

// open names orders that have not ended, at most so many.
func (w *World) open(atMost int) (open []string) {
	table := w.server.tables[orders].objects
	for _, name := range names(table) {
		object := table[name].(*commercev1.Order) //nolint:forcetypeassert // of this table
		if len(open) == atMost {
			return open
		}
		if object.Status.Outcome == "" || object.Status.Attention.Position != 0 {
			open = append(open, fmt.Sprintf("%s (%s)", name.Name, readiness(object)))
		}
	}
	if len(open) > 0 {
		return open
	}
	for i := range w.options.Orders {
		id := saga.OrderID{Namespace: namespace, Name: fmt.Sprintf("order-%03d", i)}
		folded := w.fold(id)
		if len(open) < atMost && folded.Created() && folded.Outcome == "" && folded.Attention == nil {
			open = append(open, id.Name+" (its Order is gone)")
		}
	}
	return open
}

func readiness(object *commercev1.Order) string {
	if ready := apimeta.FindStatusCondition(object.Status.Conditions, commercev1.ConditionReady); ready != nil {
		return ready.Reason + ": " + ready.Message
	}
	return "no status"
}

// rest lets the statuses catch up, and finds what goes on although everything has ended.
func (w *World) rest() (violations []string) {
	if open := w.open(10); len(open) > 0 {
		return []string{fmt.Sprintf("%s: %s after the faults have ended, these have not: %v", notEnded, afterwards, open)}
	}
	w.until(time.Now().Add(settling), nil)
	writes, appended := w.server.writes, w.events()
	w.until(time.Now().Add(resting), nil)
	if w.server.writes != writes || w.events() != appended {
		violations = append(violations, fmt.Sprintf("%s: everything has ended, and there are %d writes and %d events more",
			notAtRest, w.server.writes-writes, w.events()-appended))
	}
	return violations
}

// tally counts what is in the log, and how the Orders have ended.
func (w *World) tally() {
	for event, err := range w.log(eventcore.Query{}) {
		if err != nil {
			return // judge tells of it
		}
		w.count(event.Type)
	}
	for _, object := range w.server.tables[orders].objects {
		w.count("outcome " + string(object.(*commercev1.Order).Status.Outcome)) //nolint:forcetypeassert // of this table
	}
}

// judge holds the log, the books and the statuses against the rules.
func (w *World) judge() []string {
	evidence := verify.Evidence{
		Movements: func(yield func(verify.Movement, error) bool) {
			for _, b := range []*book{w.bank, w.carrier} {
				more := true
				b.movements(func(m verify.Movement, err error) bool {
					more = yield(m, err)
					return more
				})
				if !more {
					return
				}
			}
		},
		Orders: map[saga.OrderID]*verify.OrderStatus{}, Products: map[saga.ProductID]*verify.ProductStatus{},
		Now: time.Now(), Grace: 10 * time.Minute,
	}
	var violations []string
	for name, object := range w.server.tables[orders].objects {
		id, object := saga.OrderID{Namespace: name.Namespace, Name: name.Name}, object.(*commercev1.Order) //nolint:forcetypeassert // of this table
		evidence.Orders[id] = orderStatus(object)
		if difference := w.difference(id, object); difference != "" {
			violations = append(violations, difference)
		}
	}
	for name, object := range w.server.tables[products].objects {
		evidence.Products[saga.ProductID{Namespace: name.Namespace, Name: name.Name}] = productStatus(object.(*commercev1.Product)) //nolint:forcetypeassert // of this table
	}
	found, err := verify.Check(w.log(eventcore.Query{}), verify.Options{StoreID: w.store.Identity().StoreID.String()}, evidence)
	if err != nil {
		violations = append(violations, err.Error())
	}
	for _, violation := range found {
		violations = append(violations, violation.String())
	}
	for _, p := range w.all {
		if p.alarm != nil {
			violations = append(violations, fmt.Sprintf("%s: %s: %v", falseAlarm, p.name, p.alarm))
		}
	}
	if n := w.counts["refusedWrites"]; n > 0 {
		violations = append(violations, fmt.Sprintf("%s: the API server has refused %d statuses", refusedWrite, n))
	}
	return violations
}

// difference tells how the status differs from what the events say.
func (w *World) difference(id saga.OrderID, object *commercev1.Order) string {
	folded := w.fold(id)
	if !folded.Accepted(string(object.UID)) || int(object.Spec.Attempt) > folded.Content.Attempt {
		return ""
	}
	want := order.Project(object, folded, w.store.Identity(), nil)
	projected := copyOf(object).(*commercev1.Order) //nolint:forcetypeassert // it was one
	projected.Status = want
	projected = roundTrip(projected).(*commercev1.Order) //nolint:forcetypeassert // it was one
	if apiequality.Semantic.DeepEqual(projected.Status, object.Status) {
		return ""
	}
	return fmt.Sprintf("%s of order %s: its status is %+v, and the events say %+v", verify.StatusIsFold, id, object.Status, projected.Status)
}

func orderStatus(object *commercev1.Order) *verify.OrderStatus {
	status := &object.Status
	outcome, position := string(status.Outcome), eventcore.Position(status.History.Position)
	ready := apimeta.FindStatusCondition(status.Conditions, commercev1.ConditionReady)
	attention := ready != nil && ready.Status == metav1.ConditionFalse && ready.Reason == commercev1.ReasonNeedsAttention
	return &verify.OrderStatus{
		UID: string(object.UID), Outcome: &outcome, Charged: &status.Charged, Refunded: &status.Refunded,
		NeedsAttention: &attention, Epoch: status.History.Epoch, Position: &position,
	}
}

func productStatus(object *commercev1.Product) *verify.ProductStatus {
	supplied := int64(0)
	for _, source := range object.Spec.Supply {
		supplied += *source.Received - *source.Removed
	}
	status := &object.Status
	return &verify.ProductStatus{
		Supplied: &supplied, Available: status.Available, Reserved: status.Reserved, Shipped: status.Shipped,
	}
}
