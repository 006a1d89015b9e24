// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// errNoGateway leaves a call's outcome unknown: it can be looked up when the gateway is back.
var errNoGateway = errors.New("the payment gateway is not configured")

// New returns the payment service on the executor. identity is that of the executor's store.
func New(executor *eventcore.Executor, identity eventcore.Identity, gateways Gateways, tokens Tokens, options calls.Options) *calls.Engine {
	s := service{gateways: gateways, tokens: tokens, store: identity.StoreID.String()}
	return calls.NewEngine(saga.PaymentService, executor, identity, []calls.Operation{s.refund(), s.charge()}, options)
}

type service struct {
	gateways Gateways
	tokens   Tokens
	store    string
}

func (s service) provider(order saga.Order) (Provider, error) {
	provider, ok := s.gateways.Provider(order.Content.Gateway)
	if !ok {
		return nil, fmt.Errorf("%w: %s", errNoGateway, order.Content.Gateway)
	}
	return provider, nil
}

func (s service) missingGateway(order saga.Order) *saga.StepWaiting {
	if _, ok := s.gateways.Provider(order.Content.Gateway); ok {
		return nil
	}
	return &saga.StepWaiting{Step: saga.ProcessPayment, Reason: saga.ReasonWaitingForGateway, Name: order.Content.Gateway}
}

func (s service) charge() calls.Operation {
	return calls.Operation{
		Step:      saga.ProcessPayment,
		Aggregate: saga.PaymentAggregate,
		Missing:   s.missingForCharge,
		Intent: func(order saga.Order, call saga.Call) any {
			return saga.PaymentRequested{Call: call, Gateway: order.Content.Gateway, Amount: order.Content.Total}
		},
		Do:    s.doCharge,
		Find:  s.findCharge,
		Fence: s.fence(Charge),
		Refused: func(call saga.Call, refusal *calls.Refusal) any {
			return saga.PaymentFailed{Generation: call.Generation, Code: refusal.Code, Message: refusal.Message}
		},
	}
}

func (s service) missingForCharge(ctx context.Context, order saga.Order) (*saga.StepWaiting, error) {
	if missing := s.missingGateway(order); missing != nil {
		return missing, nil
	}
	_, present, err := s.tokens.Token(ctx, order.ID, order.Accepted)
	if err != nil || present {
		return nil, err
	}
	return &saga.StepWaiting{Step: saga.ProcessPayment, Reason: saga.ReasonWaitingForOrder, Name: order.ID.Name}, nil
}

func (s service) doCharge(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", calls.ErrUnavailable, err)
	}
	token, present, err := s.tokens.Token(ctx, order.ID, order.Accepted)
	if err != nil {
		return nil, fmt.Errorf("%w: read the order's payment token: %w", calls.ErrUnavailable, err)
	}
	if !present {
		return nil, fmt.Errorf("%w: the Order with the payment token is gone", calls.ErrUnavailable)
	}
	request := s.request(Charge, order, call)
	request.Token = token
	charge, err := provider.Do(ctx, request)
	if err != nil {
		return nil, err
	}
	return saga.PaymentProcessed{Generation: call.Generation, Reference: charge.Reference, Amount: charge.Amount}, nil
}

func (s service) findCharge(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, err
	}
	charge, err := provider.Find(ctx, s.request(Charge, order, call))
	if err != nil || charge == nil {
		return nil, err
	}
	return saga.PaymentProcessed{Generation: call.Generation, Reference: charge.Reference, Amount: charge.Amount}, nil
}

func (s service) refund() calls.Operation {
	return calls.Operation{
		Step:      saga.ProcessPayment,
		Undo:      true,
		Aggregate: saga.PaymentAggregate,
		Missing: func(_ context.Context, order saga.Order) (*saga.StepWaiting, error) {
			return s.missingGateway(order), nil
		},
		Intent: func(order saga.Order, call saga.Call) any {
			return saga.RefundRequested{Call: call, Reference: order.Charge.Reference, Amount: order.Charge.Amount}
		},
		Do:    s.doRefund,
		Find:  s.findRefund,
		Fence: s.fence(Refund),
		Refused: func(_ saga.Call, refusal *calls.Refusal) any {
			return saga.AttentionRequired{
				Step: saga.ProcessPayment, Undo: true, Reason: saga.ReasonRefundRefused, Message: refusal.Error(),
			}
		},
	}
}

func (s service) doRefund(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", calls.ErrUnavailable, err)
	}
	refund, err := provider.Do(ctx, s.request(Refund, order, call))
	if err != nil {
		return nil, err
	}
	return saga.PaymentRefunded{Generation: call.Generation, Reference: refund.Reference, Amount: refund.Amount}, nil
}

func (s service) findRefund(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, err
	}
	refund, err := provider.Find(ctx, s.request(Refund, order, call))
	if err != nil || refund == nil {
		return nil, err
	}
	return saga.PaymentRefunded{Generation: call.Generation, Reference: refund.Reference, Amount: refund.Amount}, nil
}

func (s service) fence(action Action) func(context.Context, saga.Order, saga.Call) error {
	return func(ctx context.Context, order saga.Order, call saga.Call) error {
		provider, err := s.provider(order)
		if err != nil {
			return err
		}
		return provider.Cancel(ctx, s.request(action, order, call))
	}
}

func (s service) request(action Action, order saga.Order, call saga.Call) Request {
	request := Request{
		Action: action, Key: call.Key, Amount: order.Content.Total, Correlation: saga.CorrelationID(s.store, order),
	}
	if action == Refund {
		request.Charge, request.Amount = order.Charge.Reference, order.Charge.Amount
	}
	return request
}
