// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package fraud

import (
	"context"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Checker tells what it thinks of an order. Asking has no effect, so that nobody minds if a question is asked twice.
type Checker interface {
	// Check returns the order's score. Its errors are those of calls.Operation.Do: a *calls.Refusal turns the order round.
	Check(ctx context.Context, key string, order saga.OrderCreated) (score int, err error)
}

// New returns what makes the service, for runner.ServicesOptions.More.
func New(checker Checker) runner.NewService {
	return func(executor *eventcore.Executor, identity eventcore.Identity, options calls.Options) runner.Service {
		return calls.NewEngine(Service, executor, identity, []calls.Operation{check(checker)}, options)
	}
}

func check(checker Checker) calls.Operation {
	return calls.Operation{
		Step:      CheckFraud,
		Aggregate: Service.Aggregate(),
		Missing:   nothing,
		// Calls of one provider share a circuit breaker; while it is open, orders wait for this reason.
		Provider:    func(saga.Order) string { return "fraud-check" },
		Unavailable: "FraudCheckUnavailable",
		Intent:      func(_ saga.Order, call saga.Call, _ string) any { return CheckRequested{Call: call} },
		Do: func(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
			score, err := checker.Check(ctx, call.Key, order.Content)
			return CheckPassed{Generation: call.Generation, Score: score}, err
		},
		Refused: func(_ saga.Order, call saga.Call, no *calls.Refusal) any {
			return CheckFailed{Generation: call.Generation, Code: no.Code, Message: no.Message}
		},
		// A question without an effect needs neither look-up nor fence: whoever lost the answer asks anew.
		Find:  func(context.Context, saga.Order, saga.Call) (any, error) { return nil, nil },
		Fence: func(context.Context, saga.Order, saga.Call) error { return nil },
	}
}

// nothing is missing, ever: the checker is part of the program.
func nothing(context.Context, saga.Order, bool) (*saga.StepWaiting, error) { return nil, nil }
