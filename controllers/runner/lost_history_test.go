// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/memory"
)

// lose replaces the store by one that has its events up to the last one of the type, as a backup of then has.
func (w *world) lose(upTo string) {
	w.t.Helper()
	events := w.events("")
	last := 0
	for i, event := range events {
		if event.Type == upTo {
			last = i + 1
		}
	}
	older := memory.New(memory.Options{StoreID: storeID})
	for i := range events[:last] {
		id := uuid.New()
		if _, err := older.Append(w.t.Context(), eventcore.AppendRequest{ID: id, Events: events[i : i+1]}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.store = older
	w.doubted = time.Now()
}

// TestWhatALostHistoryHasDoneIsFoundBeforeTheOrderIsJudged has an order charged and shipped, loses what was recorded since it was
// reserved, and lets its deadline pass before anybody works again: what was done is undone.
func TestWhatALostHistoryHasDoneIsFoundBeforeTheOrderIsJudged(t *testing.T) {
	for name, script := range map[string]map[kind][]fault{
		"as usual":                 nil,
		"in the second generation": {charge: {overtaken}, ship: {overtaken}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, newBook(script))
				p := w.start()
				w.await(orderID, typed("OrderCompleted"))
				_ = p.stop()
				w.lose("StockReserved")
				w.pass(2 * time.Hour)
				w.doubted = time.Now()
				p = w.begin()
				w.await(orderID, typed("OrderCancelled"))
				_ = p.stop()
				order := w.fold(orderID)
				if order.Captured() != total || order.Refunded != total || order.Shipment.Reference == "" || !order.Shipment.Cancelled {
					t.Errorf("captured %s, refunded %s, shipment %+v: %v", order.Captured(), order.Refunded, order.Shipment, w.history(orderID))
				}
				for kind, want := range map[kind]int{charge: 1, refund: 1, ship: 1, withdraw: 1} {
					if done := w.book.keys(kind, saga.CorrelationID(storeID.String(), order), "done"); len(done) != want {
						t.Errorf("%s was done %d times, want %d", kind, len(done), want)
					}
				}
			})
		})
	}
}

// pass lets the bubble's time pass.
func (w *world) pass(span time.Duration) {
	w.t.Helper()
	select {
	case <-time.After(span):
	case <-w.t.Context().Done():
	}
}
