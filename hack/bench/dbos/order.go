// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/hack/bench/internal/shop"
)

// order is what a workflow is started with.
type order struct {
	Content saga.OrderCreated `json:"content"`
	// ByItem takes a step for each item that is reserved or released, instead of one for all.
	ByItem bool `json:"byItem"`
}

// errRefused is the answer of a carrier that does not serve the address.
var errRefused = errors.New("the carrier refused: " + shop.RefusalMessage)

// carryOut is the saga: the steps of ours in the same order, and what undoes them in reverse.
func carryOut(ctx dbos.Context, o order) (saga.Outcome, error) {
	if err := step(ctx, saga.ReserveStock, o, reserve); err != nil {
		return "", err
	}
	if err := one(ctx, saga.ProcessPayment, charge(o.Content)); err != nil {
		return "", err
	}
	err := one(ctx, saga.CreateShipment, ship(o.Content))
	if err == nil {
		return saga.Completed, nil
	}
	if !errors.Is(err, errRefused) {
		return "", err
	}
	if err := one(ctx, saga.RefundPayment, refund(o.Content)); err != nil {
		return "", err
	}
	return saga.Cancelled, step(ctx, saga.ReleaseStock, o, release)
}

// one takes a step.
func one[R any](ctx dbos.Context, name string, do dbos.Step[R]) error {
	_, err := dbos.RunAsStep(ctx, do, dbos.WithStepName(name))
	return err
}

// step takes a step for all lines of the order, or for each of them.
func step[R any](ctx dbos.Context, name string, o order, do func([]saga.Line) dbos.Step[R]) error {
	if !o.ByItem {
		return one(ctx, name, do(o.Content.Lines))
	}
	for i := range o.Content.Lines {
		if err := one(ctx, name, do(o.Content.Lines[i:i+1])); err != nil {
			return err
		}
	}
	return nil
}

func reserve(lines []saga.Line) dbos.Step[saga.StockReserved] {
	return func(context.Context) (saga.StockReserved, error) {
		return saga.StockReserved{Lines: saga.StockLines(lines)}, nil
	}
}

func release(lines []saga.Line) dbos.Step[saga.StockReservationReleased] {
	return func(context.Context) (saga.StockReservationReleased, error) {
		return saga.StockReservationReleased{Lines: saga.StockLines(lines)}, nil
	}
}

func charge(content saga.OrderCreated) dbos.Step[saga.PaymentProcessed] {
	return func(context.Context) (saga.PaymentProcessed, error) {
		return saga.PaymentProcessed{Generation: 1, Reference: shop.ChargeReference, Amount: content.Total}, nil
	}
}

func refund(content saga.OrderCreated) dbos.Step[saga.PaymentRefunded] {
	return func(context.Context) (saga.PaymentRefunded, error) {
		return saga.PaymentRefunded{Generation: 1, Reference: shop.RefundReference, Amount: content.Total}, nil
	}
}

func ship(content saga.OrderCreated) dbos.Step[saga.ShipmentCreated] {
	return func(context.Context) (saga.ShipmentCreated, error) {
		if shop.Refuses(content.Address) {
			return saga.ShipmentCreated{}, errRefused
		}
		return saga.ShipmentCreated{
			Generation: 1, Reference: shop.ShipmentReference, TrackingNumber: shop.TrackingNumber,
		}, nil
	}
}
