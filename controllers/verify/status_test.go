// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

func TestAStatusIsWhatTheProjectionMakesOfTheEvents(t *testing.T) {
	for shown, legal := range map[saga.Outcome]bool{saga.Completed: true, saga.Cancelled: false} {
		position := eventcore.Position(len(happy))
		differs := func(order saga.Order) string {
			if order.Outcome == shown {
				return ""
			}
			return fmt.Sprintf("outcome is %s, should be %s", shown, order.Outcome)
		}
		found, err := verify.Check(sequence(log(happy...)), verify.Options{StoreID: storeID}, verify.Evidence{
			Orders: map[saga.OrderID]*verify.OrderStatus{orderID: {UID: "uid-1", Position: &position, Differs: differs}},
		})
		if err != nil || slices.Contains(rulesOf(found), verify.StatusIsFold) == legal {
			t.Errorf("%s: %v, %v", shown, found, err)
		}
	}
}

func TestAStatusNeverGoesBack(t *testing.T) {
	checker := verify.New(verify.Options{StoreID: storeID})
	for _, e := range log(paid...) {
		checker.Apply(e)
	}
	for _, step := range []struct {
		uid      string
		epoch    int64
		position eventcore.Position
		legal    bool
	}{
		{"uid-1", 1, 4, true},
		{"uid-1", 1, 4, true},
		{"uid-1", 1, 3, false},
		{"uid-1", 2, 2, true}, // an accepted rollback
		{"uid-9", 1, 1, true}, // another object of the name
	} {
		before := len(checker.Violations())
		outcome := ""
		if step.uid != "uid-1" {
			outcome = "Rejected"
		}
		checker.ObserveStatus(orderID, verify.OrderStatus{
			UID: step.uid, Epoch: step.epoch, Position: &step.position, Outcome: &outcome,
		})
		if got := checker.Violations()[before:]; (len(got) == 0) != step.legal {
			t.Errorf("%+v: %v", step, got)
		}
	}
}

// TestACheckerForgetsOrdersThatAreSettled shows that one that runs for ever needs memory for open orders only: what comes
// after an end is judged all the same.
func TestACheckerForgetsOrdersThatAreSettled(t *testing.T) {
	checker := verify.New(verify.Options{StoreID: storeID})
	late := slices.Concat(happy, []any{saga.OrderAttached{UID: "uid-2"}, saga.OrderShipped{Reference: "sh_1"}})
	for _, e := range log(late...) {
		if found := checker.Apply(e); len(found) > 0 {
			t.Errorf("found %v", found)
		}
	}
	if found := checker.Apply(event(len(late)+1, refunded)); !slices.Contains(rulesOf(found), verify.EndsOnce) {
		t.Errorf("a refund after the end: %v", found)
	}
}
