// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// TestALeaderThatSleepsThroughItsCallHarmsNothing stops a process in the middle of a call, as SIGSTOP does, until its
// successor has closed the call and carried the order on. Its request, which arrives only then, must be refused.
func TestALeaderThatSleepsThroughItsCallHarmsNothing(t *testing.T) {
	for name, test := range map[string]struct {
		capture string
		stopped kind
		script  map[kind][]fault
		verbs   []moment
		outcome saga.Outcome
	}{
		"a charge":         {stopped: charge, outcome: saga.Completed},
		"an authorisation": {capture: saga.CaptureOnShipment, stopped: authorize, outcome: saga.Completed},
		"a shipment":       {stopped: ship, outcome: saga.Completed},
		"a capture":        {capture: saga.CaptureOnShipment, stopped: capture, outcome: saga.Completed},
		"a refund":         {stopped: refund, script: map[kind][]fault{ship: {refuse}}, outcome: saga.Cancelled},
		"a void": {
			capture: saga.CaptureOnShipment, stopped: void, script: map[kind][]fault{ship: {refuse}}, outcome: saga.Cancelled,
		},
		"a shipment's cancellation": {
			stopped: withdraw, script: map[kind][]fault{ship: {slow}}, verbs: cancelledAfter("ShipmentRequested", time.Second),
			outcome: saga.Cancelled,
		},
		"a charge of an order that is cancelled meanwhile": {
			stopped: charge, verbs: cancelledAfter("PaymentRequested", time.Second), outcome: saga.Cancelled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := scenario{capture: test.capture, script: test.script, verbs: test.verbs}
				w := newWorld(t, s.book())
				sleeper := newSleeper(test.stopped)
				w.sleeper = sleeper
				leader := s.begin(w)
				<-sleeper.asleep
				successor := s.begin(w)
				s.rest(w)
				before := w.history(orderID)
				close(sleeper.awake)
				time.Sleep(time.Hour)
				if folded := w.fold(orderID); folded.Outcome != test.outcome || folded.Attention != nil {
					t.Errorf("%s: %v", folded.Outcome, w.history(orderID))
				}
				w.audit()
				if got := w.history(orderID); !slices.Equal(got, before) {
					t.Errorf("the late call was recorded: %v", got[len(before):])
				}
				fenced := 0
				for _, e := range w.book.clone().entries {
					if e.state == "fenced" && e.requests > 0 {
						fenced++
					}
				}
				if fenced != 1 {
					t.Errorf("%d late requests met a fence: %+v", fenced, w.book.entries)
				}
				if err := leader.stop(); err != nil && !errors.Is(err, eventcore.ErrCheckpointMoved) {
					t.Error(err)
				}
				_ = successor.stop()
			})
		})
	}
}

// TestWhatALeaderDidAfterItWasGivenUpIsUndone has the provider of a sleeping leader promise nothing, and a person be
// wrong about its call: what comes to light after the order's end is given back.
func TestWhatALeaderDidAfterItWasGivenUpIsUndone(t *testing.T) {
	for name, test := range map[string]struct {
		capture, request string
		stopped          kind
		want             string
	}{
		"a charge":         {"", "PaymentRequested", charge, "OrderCancelled PaymentProcessed RefundRequested PaymentRefunded"},
		"an authorisation": {saga.CaptureOnShipment, "PaymentRequested", authorize, "OrderCancelled PaymentProcessed RefundRequested PaymentVoided"},
		"a shipment":       {"", "ShipmentRequested", ship, "OrderCancelled ShipmentCreated ShipmentCancelRequested ShipmentCancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := scenario{
					capture: test.capture, noFence: true,
					verbs: append(cancelledAfter(test.request, time.Second), decided(saga.ResolveSkip)...),
				}
				w := newWorld(t, s.book())
				sleeper := newSleeper(test.stopped)
				w.sleeper = sleeper
				leader := s.begin(w)
				<-sleeper.asleep
				successor := s.begin(w)
				w.await(orderID, typed("OrderCancelled"))
				close(sleeper.awake)
				time.Sleep(time.Hour)
				if way := strings.Join(w.history(orderID), " "); !strings.HasSuffix(way, test.want) {
					t.Errorf("took the way %s, want the end %s", way, test.want)
				}
				w.audit()
				if stock := w.stock(mouse); stock.Reserved != 0 || stock.Shipped != 0 {
					t.Errorf("%+v", stock)
				}
				if err := leader.stop(); err != nil && !errors.Is(err, eventcore.ErrCheckpointMoved) {
					t.Error(err)
				}
				_ = successor.stop()
			})
		})
	}
}
