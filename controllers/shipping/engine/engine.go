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

// errNoCarrier leaves a call's outcome unknown: it can be looked up when the carrier is back.
var errNoCarrier = errors.New("the carrier is not configured")

// New returns the shipping service on the executor. identity is that of the executor's store.
func New(executor *eventcore.Executor, identity eventcore.Identity, carriers Carriers, options calls.Options) *calls.Engine {
	s := service{carriers: carriers, store: identity.StoreID.String()}
	return calls.NewEngine(saga.ShippingService, executor, identity, []calls.Operation{s.cancel(), s.create()}, options)
}

type service struct {
	carriers Carriers
	store    string
}

func (s service) provider(order saga.Order) (Provider, error) {
	provider, ok := s.carriers.Provider(order.Content.Carrier)
	if !ok {
		return nil, fmt.Errorf("%w: %w: %s", calls.ErrNotAsked, errNoCarrier, order.Content.Carrier)
	}
	return provider, nil
}

func carrierOf(order saga.Order) string { return order.Content.Carrier }

// missing is about what the order waits for before it is shipped.
func (s service) missing(ctx context.Context, order saga.Order, closing bool) (*saga.StepWaiting, error) {
	if !closing && !s.allowed(order) {
		return s.waiting(order), nil
	}
	return s.gone(ctx, order, closing)
}

// allowed reports whether the carrier is for orders of the namespace.
func (s service) allowed(order saga.Order) bool {
	restricted, ok := s.carriers.(Restricted)
	return !ok || restricted.Allows(order.Content.Carrier, order.ID.Namespace)
}

// gone is about what an order waits for that needs the carrier again.
func (s service) gone(_ context.Context, order saga.Order, _ bool) (*saga.StepWaiting, error) {
	if _, ok := s.carriers.Provider(order.Content.Carrier); ok {
		return nil, nil //nolint:nilnil // nothing is missing
	}
	return s.waiting(order), nil
}

func (s service) waiting(order saga.Order) *saga.StepWaiting {
	return &saga.StepWaiting{Step: saga.CreateShipment, Reason: saga.ReasonWaitingForCarrier, Name: order.Content.Carrier}
}

func (s service) create() calls.Operation {
	return calls.Operation{
		Step:      saga.CreateShipment,
		Aggregate: saga.ShippingAggregate,
		Provider:  carrierOf, Unavailable: saga.ReasonCarrierUnavailable,
		Missing: s.missing,
		Intent: func(order saga.Order, call saga.Call, _ string) any {
			return saga.ShipmentRequested{Call: call, Carrier: order.Content.Carrier}
		},
		Do:    s.doCreate,
		Find:  s.findShipment,
		Fence: s.fence,
		Refused: func(_ saga.Order, call saga.Call, refusal *calls.Refusal) any {
			return saga.ShipmentFailed{Generation: call.Generation, Code: refusal.Code, Message: refusal.Message}
		},
	}
}

func (s service) doCreate(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", calls.ErrUnavailable, err)
	}
	// Whoever lets a carrier go has not seen the intent, or else it is seen here that he may.
	if !s.allowed(order) {
		return nil, fmt.Errorf("%w: %w: %s begins nothing any more", calls.ErrUnavailable, calls.ErrNotAsked, order.Content.Carrier)
	}
	shipment, err := provider.Create(ctx, ShipmentRequest{
		Key: call.Key, Address: order.Content.Address, Lines: saga.StockLines(order.Content.Lines),
		Correlation: saga.CorrelationID(s.store, order),
	})
	if err != nil {
		return nil, err
	}
	return created(call, shipment), nil
}

func (s service) findShipment(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, err
	}
	shipment, err := provider.FindShipment(ctx, call.Key)
	if err != nil || shipment == nil {
		return nil, err
	}
	return created(call, *shipment), nil
}

func created(call saga.Call, shipment Shipment) saga.ShipmentCreated {
	return saga.ShipmentCreated{
		Generation: call.Generation, Reference: shipment.Reference, TrackingNumber: shipment.TrackingNumber,
	}
}

func (s service) cancel() calls.Operation {
	return calls.Operation{
		Step:      saga.CreateShipment,
		Undo:      true,
		Aggregate: saga.ShippingAggregate,
		Provider:  carrierOf, Unavailable: saga.ReasonCarrierUnavailable,
		Missing: s.gone,
		Intent: func(order saga.Order, call saga.Call, _ string) any {
			return saga.ShipmentCancelRequested{Call: call, Reference: order.Shipment.Reference}
		},
		Do:      s.doCancel,
		Find:    s.findCancellation,
		Fence:   s.fence,
		Refused: cancelRefused,
	}
}

// cancelRefused is what a refused cancellation means: goods that have left turn the order forward again, if its money
// is still there; anything else a person has to decide.
func cancelRefused(order saga.Order, _ saga.Call, refusal *calls.Refusal) any {
	if refusal.Code == CodeDispatched {
		return saga.OrderShipped{Reference: order.Shipment.Reference}
	}
	return saga.AttentionRequired{
		Step: saga.CreateShipment, Undo: true, Reason: order.Flow().Step(saga.CreateShipment).UndoRefused,
		Message: refusal.Error(),
	}
}

func (s service) doCancel(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", calls.ErrUnavailable, err)
	}
	cancellation, err := provider.CancelShipment(ctx, CancelRequest{
		Key: call.Key, Shipment: order.Shipment.Reference, Correlation: saga.CorrelationID(s.store, order),
	})
	if err != nil {
		return nil, err
	}
	return saga.ShipmentCancelled{Generation: call.Generation, Reference: cancellation.Reference}, nil
}

func (s service) findCancellation(ctx context.Context, order saga.Order, call saga.Call) (any, error) {
	provider, err := s.provider(order)
	if err != nil {
		return nil, err
	}
	cancellation, err := provider.FindCancellation(ctx, call.Key)
	if err != nil || cancellation == nil {
		return nil, err
	}
	return saga.ShipmentCancelled{Generation: call.Generation, Reference: cancellation.Reference}, nil
}

func (s service) fence(ctx context.Context, order saga.Order, call saga.Call) error {
	provider, err := s.provider(order)
	if err != nil {
		return err
	}
	return provider.Cancel(ctx, call.Key)
}
