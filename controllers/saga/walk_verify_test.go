// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// judge holds a walk against the rules of package verify, and the rules against a walk that breaks none.
func (w *walk) judge() {
	events := func(yield func(*eventcore.Event, error) bool) {
		supply := saga.StockSupplied{Supply: []saga.SupplyTotal{{Source: "factory", Received: 2}}}
		for i, payload := range slices.Concat([]any{supply}, w.log) {
			if resolved, ok := payload.(saga.AttentionResolved); ok {
				resolved.Attention++ // the supply comes first
				payload = resolved
			}
			if !yield(attributed(i+1, payload), nil) {
				return
			}
		}
	}
	found, err := verify.Check(events, verify.Options{StoreID: "store"}, verify.Evidence{Movements: w.movements()})
	if err != nil || len(found) > 0 {
		w.t.Fatalf("a legal walk breaks rules: %v, %v\n%+v", found, err, w.log)
	}
}

// attributed is an event with all that a store and an executor add.
func attributed(position int, payload any) *eventcore.Event {
	e := event(position, payload)
	e.Type = strings.TrimPrefix(fmt.Sprintf("%T", payload), "saga.")
	e.Metadata = eventcore.Metadata{
		CorrelationID: "store/shop/order-001/1", Actor: "service", Causation: eventcore.Position(position - 1),
	}
	if _, supply := payload.(saga.StockSupplied); !supply {
		e.Streams = append(e.Streams, eventcore.Membership{Stream: orderID.Stream(), Version: eventcore.Version(position - 1)})
	}
	switch payload.(type) {
	case saga.StockSupplied, saga.StockReserved, saga.StockReservationReleased, saga.OrderCompleted:
		e.Streams = append(e.Streams, eventcore.Membership{Stream: orderID.Product("mouse-001").Stream()})
	}
	return e
}

// callKey is the idempotency key of the walk's call.
func (k key) callKey() string {
	o := outsides[k.operation]
	undo := ""
	if o.undo {
		undo = "-undo"
	}
	return fmt.Sprintf("store/shop/order-001/1/%s%s/%d", o.step, undo, k.generation)
}

// movements are the providers' books.
func (w *walk) movements() iter.Seq2[verify.Movement, error] {
	kinds := []verify.Kind{
		taking: verify.Charge, givingBack: verify.Refund, shipping: verify.Shipment, unshipping: verify.Cancellation,
		capturing: verify.Capture, refunding: verify.Refund,
	}
	if w.order.Content.CaptureMode == saga.CaptureOnShipment {
		kinds[taking], kinds[givingBack] = verify.Authorize, verify.Void
	}
	states := map[answer]verify.State{done: verify.Done, no: verify.Refused, left: verify.Refused, neverAgain: verify.Fenced}
	return func(yield func(verify.Movement, error) bool) {
		for k, a := range w.book {
			m := verify.Movement{Kind: kinds[k.operation], Key: k.callKey(), Correlation: "store/shop/order-001/1", State: states[a]}
			if outsides[k.operation].step != saga.CreateShipment {
				m.Amount = created.Total
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}
