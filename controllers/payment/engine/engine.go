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
	operations := make([]calls.Operation, 0, len(rows))
	for _, row := range rows {
		operations = append(operations, s.operation(row))
	}
	return calls.NewEngine(saga.PaymentService, executor, identity, operations, options)
}

type service struct {
	gateways Gateways
	tokens   Tokens
	store    string
}

// operation is the row as the engine of calls takes it.
func (s service) operation(row row) calls.Operation {
	o := calls.Operation{
		Step: row.step, Undo: row.undo, Aggregate: saga.PaymentAggregate,
		Provider:    func(order saga.Order) string { return order.Content.Gateway },
		Unavailable: saga.ReasonGatewayUnavailable,
		Missing: func(ctx context.Context, order saga.Order, closing bool) (*saga.StepWaiting, error) {
			return s.missing(ctx, order, row, closing)
		},
		Intent: row.intent,
		Do: func(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
			return s.do(ctx, order, call, row)
		},
		Find: func(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
			return s.find(ctx, order, call, row)
		},
		Fence: func(ctx context.Context, order saga.Order, call saga.Call) error {
			provider, err := s.provider(order)
			if err != nil {
				return err
			}
			request, err := s.prepared(ctx, provider, row, order, s.request(row, order, call))
			if err != nil {
				return err
			}
			return provider.Cancel(ctx, request)
		},
		Refused: row.refused,
	}
	if row.begins {
		o.Prepare = s.prepare(row)
	}
	return o
}

func (s service) provider(order saga.Order) (Provider, error) {
	provider, ok := s.gateways.Provider(order.Content.Gateway)
	if !ok {
		return nil, fmt.Errorf("%w: %w: %s", calls.ErrNotAsked, errNoGateway, order.Content.Gateway)
	}
	return provider, nil
}

func (s service) missing(ctx context.Context, order saga.Order, row row, closing bool) (*saga.StepWaiting, error) {
	begins := row.begins && !closing
	if _, ok := s.gateways.Provider(order.Content.Gateway); !ok || begins && !s.allowed(order) {
		return &saga.StepWaiting{Step: row.step, Reason: saga.ReasonWaitingForGateway, Name: order.Content.Gateway}, nil
	}
	if !begins {
		return nil, nil //nolint:nilnil // nothing is missing
	}
	_, present, err := s.tokens.Token(ctx, order.ID, order.Accepted)
	if err != nil || present {
		return nil, err
	}
	return &saga.StepWaiting{Step: row.step, Reason: saga.ReasonWaitingForOrder, Name: order.ID.Name}, nil
}

// allowed reports whether the gateway is for orders of the namespace.
func (s service) allowed(order saga.Order) bool {
	restricted, ok := s.gateways.(Restricted)
	return !ok || restricted.Allows(order.Content.Gateway, order.ID.Namespace)
}

// prepare asks a provider that is a Preparer.
func (s service) prepare(row row) func(context.Context, saga.Order, saga.Call) (string, error) {
	return func(ctx context.Context, order saga.Order, call saga.Call) (string, error) {
		provider, err := s.provider(order)
		if err != nil {
			return "", fmt.Errorf("%w: %w", calls.ErrUnavailable, err)
		}
		preparer, ok := provider.(Preparer)
		if !ok {
			return "", nil
		}
		request, err := s.withToken(ctx, s.request(row, order, call), order)
		if err != nil {
			return "", err
		}
		return preparer.Prepare(ctx, request)
	}
}

func (s service) do(ctx context.Context, order saga.Order, call saga.Call, row row) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", calls.ErrUnavailable, err)
	}
	request := s.request(row, order, call)
	if row.begins {
		// Whoever lets a gateway go has not seen the intent, or else it is seen here that he may.
		if !s.allowed(order) {
			return nil, fmt.Errorf("%w: %w: %s begins nothing any more", calls.ErrUnavailable, calls.ErrNotAsked, order.Content.Gateway)
		}
		if request, err = s.withToken(ctx, request, order); err != nil {
			return nil, err
		}
	}
	movement, err := provider.Do(ctx, request)
	if err != nil {
		return nil, err
	}
	return row.succeeded(order, call, movement), nil
}

func (s service) find(ctx context.Context, order saga.Order, call saga.Call, row row) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, err
	}
	request, err := s.prepared(ctx, provider, row, order, s.request(row, order, call))
	if err != nil {
		return nil, err
	}
	movement, err := provider.Find(ctx, request)
	if err != nil || movement == nil {
		return nil, err
	}
	return row.succeeded(order, call, *movement), nil
}

// prepared completes a request of which only a lost part of the history knew what the provider had prepared. To prepare again
// gives the same answer, for as long as the provider knows the key.
func (s service) prepared(ctx context.Context, provider Provider, row row, order saga.Order, request Request) (Request, error) {
	preparer, ok := provider.(Preparer)
	if !ok || !row.begins || request.Prepared != "" || !order.Step(row.step).Forward.Doubted {
		return request, nil
	}
	complete, err := s.withToken(ctx, request, order)
	if err != nil {
		return Request{}, err
	}
	request.Prepared, err = preparer.Prepare(ctx, complete)
	return request, err
}

// withToken completes the request by the token, which no event holds.
func (s service) withToken(ctx context.Context, request Request, order saga.Order) (Request, error) {
	token, present, err := s.tokens.Token(ctx, order.ID, order.Accepted)
	if err != nil {
		return Request{}, fmt.Errorf("%w: %w: read the order's payment token: %w", calls.ErrUnavailable, calls.ErrNotAsked, err)
	}
	if !present {
		return Request{}, fmt.Errorf("%w: %w: the Order with the payment token is gone", calls.ErrUnavailable, calls.ErrNotAsked)
	}
	request.Token = token
	return request, nil
}

// request is the same for all tries of a key.
func (s service) request(row row, order saga.Order, call saga.Call) Request {
	action := row.action(order)
	request := Request{
		Action: action, Key: call.Key, Correlation: saga.CorrelationID(s.store, order),
		Amount: amounts[action](order), Charge: order.Charge.Reference,
	}
	if row.begins {
		request.Prepared, request.Charge = order.Step(row.step).Prepared, ""
	}
	return request
}
