// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package fraud_test

import (
	"testing"
	"testing/synctest"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	fraud "github.com/eventcore/order-operator/examples/fraud-check"
)

func TestTheStatusOfAnOrderShowsTheCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		program, stop := s.start(fraud.New(scores{}))
		defer stop()
		content := anOrder("checked", fraud.Flow.Version)
		content.Customer.ID = "slow"
		s.submit(program, "checked", content)
		time.Sleep(time.Second)
		folded, err := program.Order.Order(t.Context(), orderID("checked"))
		if err != nil {
			t.Fatal(err)
		}
		status := order.Project(&commercev1.Order{}, folded, eventcore.Identity{StoreID: storeID}, nil)
		if len(status.Steps) != 4 || status.Steps[1].Name != fraud.CheckFraud || status.Steps[1].State != commercev1.StepStateRunning {
			t.Errorf("the steps are %+v", status.Steps)
		}
		ready := apimeta.FindStatusCondition(status.Conditions, commercev1.ConditionReady)
		if ready.Reason != fraud.CheckFraud || ready.Message != "The step CheckFraud is under way" {
			t.Errorf("%s: %s", ready.Reason, ready.Message)
		}

		suspect := anOrder("suspect", fraud.Flow.Version)
		suspect.Customer.ID = "mallory"
		s.submit(program, "suspect", suspect)
		time.Sleep(time.Second)
		if folded, err = program.Order.Order(t.Context(), orderID("suspect")); err != nil {
			t.Fatal(err)
		}
		status = order.Project(&commercev1.Order{}, folded, eventcore.Identity{StoreID: storeID}, nil)
		ready = apimeta.FindStatusCondition(status.Conditions, commercev1.ConditionReady)
		if status.Outcome != commercev1.OrderOutcome(saga.Cancelled) || ready.Reason != fraud.ReasonFraudSuspected {
			t.Errorf("%s for %s: %s", status.Outcome, ready.Reason, ready.Message)
		}
	})
}
