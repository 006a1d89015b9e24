// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// world is what the services stand on: the event store, and the ledgers of the simulated providers.
type world struct {
	store     eventcore.Store
	payments  *ledger.Ledger
	shipments *ledger.Ledger
}

// openWorld opens everything or nothing.
func openWorld(ctx context.Context, options options) (_ *world, err error) {
	w := &world{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.store, err = open.Store(ctx, options.store); err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	if w.payments, err = openLedger(ctx, options.simulatedDir, "payments.db"); err != nil {
		return nil, err
	}
	if w.shipments, err = openLedger(ctx, options.simulatedDir, "shipments.db"); err != nil {
		return nil, err
	}
	return w, nil
}

func openLedger(ctx context.Context, folder, name string) (*ledger.Ledger, error) {
	path := ""
	if folder != "" {
		path = filepath.Join(folder, name)
	}
	opened, err := ledger.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("--simulated-dir: %w", err)
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
