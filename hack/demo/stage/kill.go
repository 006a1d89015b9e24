// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/harness"
)

// lookEvery is how often the gateway's ledger is looked at: it tells nobody when something is recorded.
const lookEvery = 5 * time.Millisecond

// killBetween implements operator: it kills the process, and starts another one.
func (t *theatre) killBetween(ctx context.Context, name string) error {
	witness := t.witness
	id := saga.OrderID{Namespace: namespace, Name: name}
	var charge *ledger.Entry
	err := t.guard(ctx, func(ctx context.Context) error {
		key, err := intent(ctx, witness, id)
		if err != nil {
			return err
		}
		charge, err = awaitCharge(ctx, witness.Payments, key)
		return err
	})
	if err != nil {
		return fmt.Errorf("wait for the charge of order %s: %w", name, err)
	}
	pid := t.manager.PID()
	if err := t.manager.Kill(); err != nil {
		return err
	}
	t.screen.change(charge.RecordedAt, "the gateway's ledger", plain, "charged "+money(charge.Amount)+" for "+name)
	t.screen.change(time.Now(), "the operator", red, fmt.Sprintf("kill -9 %d", pid))
	events, err := witness.Events(ctx, id)
	if err != nil {
		return err
	}
	if last := events[len(events)-1]; last.Type != "PaymentRequested" {
		return fmt.Errorf("the operator was killed too late: order %s has recorded %s already", name, last.Type)
	}
	if err := t.start(ctx); err != nil {
		return err
	}
	t.screen.change(time.Now(), "the operator", plain, fmt.Sprintf("is back as process %d, and finds a call of which nobody knows the outcome", t.manager.PID()))
	return nil
}

// intent waits until the order's payment is requested, and returns the key of the call.
func intent(ctx context.Context, witness *harness.Witness, id saga.OrderID) (key string, err error) {
	registry := saga.NewRegistry()
	filter := eventcore.Filter{Streams: []eventcore.StreamID{id.Stream()}, Types: []string{"PaymentRequested"}}
	for batch, err := range witness.Store.Subscribe(ctx, 0, filter) {
		if err != nil {
			return "", err
		}
		if len(batch.Events) == 0 {
			continue
		}
		if err := registry.Decode(&batch.Events[0]); err != nil {
			return "", err
		}
		requested, ok := batch.Events[0].Payload.(saga.PaymentRequested)
		if !ok {
			return "", errors.New("PaymentRequested has another type")
		}
		return requested.Call.Key, nil
	}
	return "", context.Cause(ctx)
}

func awaitCharge(ctx context.Context, payments *ledger.Ledger, key string) (*ledger.Entry, error) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		entry, err := payments.Find(ctx, key)
		if err != nil || entry != nil {
			return entry, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
