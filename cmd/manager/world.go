// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// world is what the services stand on: the event store, and the ledgers of the simulated providers, nil where there are none.
type world struct {
	store     eventcore.Store
	payments  *ledger.Ledger
	shipments *ledger.Ledger
}

// creation returns the identity of a store that has to be created, or an error if this process may not create it.
type creation func(ctx context.Context) (uuid.UUID, error)

// openWorld opens everything or nothing.
func openWorld(ctx context.Context, options options, create creation) (_ *world, err error) {
	w := &world{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	dsn, err := options.dsn()
	if err != nil {
		return nil, err
	}
	if err := w.openLedgers(ctx, options, dsn); err != nil {
		return nil, err
	}
	if w.store, err = openStore(ctx, dsn, create); err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	return w, nil
}

func openStore(ctx context.Context, dsn string, create creation) (eventcore.Store, error) {
	store, err := open.Open(ctx, dsn, open.Options{Existing: true})
	if !errors.Is(err, eventcore.ErrNoStore) {
		return store, err
	}
	id, err := create(ctx)
	if err != nil {
		return nil, err
	}
	return open.Open(ctx, dsn, open.Options{StoreID: id})
}

// errLedgers says that the simulated providers can't be used: nothing that passes.
var errLedgers = errors.New("--simulated-dir")

func (w *world) openLedgers(ctx context.Context, options options, dsn string) (err error) {
	if options.simulatedDir == "" && dsn != memoryStore {
		return nil
	}
	if options.services.has(saga.PaymentService) {
		if w.payments, err = openLedger(ctx, options.simulatedDir, "payments.db"); err != nil {
			return err
		}
	}
	if options.services.has(saga.ShippingService) {
		w.shipments, err = openLedger(ctx, options.simulatedDir, "shipments.db")
	}
	return err
}

func openLedger(ctx context.Context, folder, name string) (*ledger.Ledger, error) {
	path := ""
	if folder != "" {
		path = filepath.Join(folder, name)
	}
	opened, err := ledger.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLedgers, err)
	}
	return opened, nil
}

func (w *world) close() error {
	var errs []error
	if w.store != nil {
		errs = append(errs, w.store.Close())
	}
	for _, l := range []*ledger.Ledger{w.payments, w.shipments} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}
