// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package fraud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	orderengine "github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	fraud "github.com/eventcore/order-operator/examples/fraud-check"
)

const (
	reserved = "OrderCreated StockReserved "
	passed   = "FraudCheckRequested FraudCheckPassed "
	paid     = "PaymentRequested PaymentProcessed ShipmentRequested "
	shipped  = "ShipmentCreated OrderCompleted"
	released = "StockReservationReleased OrderCancelled"
)

// scores has a customer's name decide, as a checker's model would.
type scores struct{}

func (scores) Check(ctx context.Context, _ string, order saga.OrderCreated) (int, error) {
	switch order.Customer.ID {
	case "mallory":
		return 0, &calls.Refusal{Code: "stolen_card", Message: "The card was reported stolen"}
	case "slow":
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return 7, nil
}

// failing is away so many times.
type failing struct {
	scores

	times int
}

func (f *failing) Check(ctx context.Context, key string, order saga.OrderCreated) (int, error) {
	if f.times--; f.times >= 0 {
		return 0, calls.ErrUnavailable
	}
	return f.scores.Check(ctx, key, order)
}

func TestOrdersOfTheOldFlowEndInItWhileNewOnesAreChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		old, stop := s.start()
		s.submit(old, "old", anOrder("old", 0)) // its gateway is too slow: the charge has to be looked up
		waiting := anOrder("old-waiting", 0)
		waiting.Lines[0].Product = "mouse-001" // which is not there yet
		s.submit(old, "old-waiting", waiting)
		synctest.Wait()
		stop() // the new program is deployed in the midst of them
		for _, name := range []string{"old", "old-waiting"} {
			if way := s.way(name); strings.Contains(way, "OrderCompleted") {
				t.Errorf("%s is not in flight: %s", name, way)
			}
		}

		program, stop := s.start(fraud.New(scores{}))
		defer stop()
		s.submit(program, "new", anOrder("new", fraud.Flow.Version))
		suspect := anOrder("suspect", fraud.Flow.Version)
		suspect.Customer.ID = "mallory"
		s.submit(program, "suspect", suspect)
		mouse := saga.ProductID{Namespace: "shop", Name: "mouse-001"}
		if err := program.Inventory.Supply(t.Context(), mouse, []saga.SupplyTotal{{Source: "factory", Received: 1}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)

		s.expect(program, "old", reserved+"PaymentRequested OutcomeUnknown PaymentProcessed ShipmentRequested "+shipped, price.Minor, 0)
		s.expect(program, "old-waiting", "OrderCreated StepWaiting StockReserved "+paid+shipped, price.Minor, 0)
		s.expect(program, "new", reserved+passed+paid+shipped, price.Minor, 0)
		s.expect(program, "suspect", reserved+"FraudCheckRequested FraudCheckFailed CompensationStarted "+released, 0, 0)
		s.expectStock(program, 2)
		folded, err := program.Order.Order(t.Context(), orderID("suspect"))
		if err != nil || folded.Outcome != saga.Cancelled || folded.Reason != fraud.ReasonFraudSuspected ||
			folded.Message != "The card was reported stolen (stolen_card)" {
			t.Errorf("the refused order ended %s for %s: %s (%v)", folded.Outcome, folded.Reason, folded.Message, err)
		}
	})
}

func TestWhatFollowsAPassedCheckIsUndoneAndTheCheckIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		program, stop := s.start(fraud.New(scores{}))
		defer stop()
		content := anOrder("refused", fraud.Flow.Version)
		content.Address.Name = "SIM REFUSE"
		s.submit(program, "refused", content)
		time.Sleep(time.Minute)
		s.expect(program, "refused", reserved+passed+paid+
			"ShipmentFailed CompensationStarted RefundRequested PaymentRefunded "+released, price.Minor, price.Minor)
		folded, err := program.Order.Order(t.Context(), orderID("refused"))
		if state := folded.Step(fraud.CheckFraud).State; err != nil || state != saga.Succeeded {
			t.Errorf("the check is %s (%v)", state, err)
		}
		s.expectStock(program, 0)
	})
}

func TestACheckThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		program, stop := s.start(fraud.New(&failing{times: 2}))
		defer stop()
		s.submit(program, "tried", anOrder("tried", fraud.Flow.Version))
		time.Sleep(time.Minute)
		again := "FraudCheckRequested StepRetryScheduled "
		s.expect(program, "tried", reserved+again+again+passed+paid+shipped, price.Minor, 0)
	})
}

func TestACheckWithoutAnAnswerIsAskedAnewUntilTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		program, stop := s.start(fraud.New(scores{}))
		defer stop()
		content := anOrder("unanswered", fraud.Flow.Version)
		content.Customer.ID, content.Deadline = "slow", time.Now().Add(5*time.Second)
		s.submit(program, "unanswered", content)
		time.Sleep(10 * time.Minute)
		s.expect(program, "unanswered", reserved+"FraudCheckRequested DeadlineExceeded CompensationStarted "+
			"OutcomeUnknown StepRetryScheduled "+released, 0, 0)
	})
}

func TestACheckGoesOnInAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		first, stop := s.start(fraud.New(&failing{times: 100}))
		s.submit(first, "moved", anOrder("moved", fraud.Flow.Version))
		time.Sleep(100 * time.Millisecond)
		stop()
		second, stop := s.start(fraud.New(scores{}))
		defer stop()
		time.Sleep(10 * time.Minute)
		s.expect(second, "moved", reserved+"FraudCheckRequested StepRetryScheduled "+passed+paid+shipped, price.Minor, 0)
	})
}

func TestAFlowThatNobodyKnowsIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		program, stop := s.start()
		defer stop()
		err := program.Order.Accept(t.Context(), orderID("unknown"), anOrder("unknown", 99))
		if !errors.Is(err, orderengine.ErrInvalidContent) || !strings.Contains(err.Error(), "flow version 99") {
			t.Errorf("accepted with %v", err)
		}
	})
}

func TestTheFifthServiceIsUnderAHundredAndFiftyLines(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(content, []byte("\n"))
	}
	if lines == 0 || lines >= 150 {
		t.Errorf("%d lines", lines)
	}
	for _, page := range []string{"../../docs/extending.md", "../../README.md"} {
		content, err := os.ReadFile(page)
		if err != nil || !strings.Contains(string(content), fmt.Sprintf("%d lines", lines)) {
			t.Errorf("%s does not say that it is %d lines (%v)", page, lines, err)
		}
	}
}
