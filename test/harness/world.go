// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// World is the folder in which a manager keeps its event store and the ledgers of the simulated providers.
type World string

// NewWorld makes the folder. What is in it already stays.
func NewWorld(folder string) (World, error) {
	w := World(folder)
	if err := os.MkdirAll(w.ledgers(), 0o700); err != nil {
		return "", fmt.Errorf("make the folder of the event store: %w", err)
	}
	return w, nil
}

// DSN names the event store.
func (w World) DSN() string { return "sqlite:" + filepath.Join(string(w), "events.db") }

func (w World) ledgers() string { return filepath.Join(string(w), "ledgers") }

// Witness reads a World while a manager of another process works on it. It changes nothing. This process must not open the files in
// any other way.
type Witness struct {
	Store eventcore.Store
	// Payments and Shipments are the ledgers of the simulated providers, nil if there are none.
	Payments, Shipments *ledger.Ledger
	// Others are the ledgers of other providers.
	Others []Entries
}

// Entries is a provider's ledger that can be read: a *ledger.Ledger of this machine, or that of a provider elsewhere.
type Entries interface {
	// Entries returns all entries in the order in which they were recorded.
	Entries(ctx context.Context) iter.Seq2[ledger.Entry, error]
}

// ledgers returns all that there are.
func (w *Witness) ledgers() []Entries {
	all := slices.Clone(w.Others)
	for _, book := range []*ledger.Ledger{w.Payments, w.Shipments} {
		if book != nil {
			all = append(all, book)
		}
	}
	return all
}

// Witness opens the World.
func (w World) Witness(ctx context.Context) (*Witness, error) { return w.WitnessOf(ctx, w.DSN()) }

// WitnessOf is Witness where the event store is another one than that of the World.
func (w World) WitnessOf(ctx context.Context, dsn string) (_ *Witness, err error) {
	witness := &Witness{}
	defer func() {
		if err != nil {
			err = errors.Join(err, witness.Close())
		}
	}()
	if witness.Store, err = open.Store(ctx, dsn); err != nil {
		return nil, err
	}
	if witness.Payments, err = ledger.Open(ctx, filepath.Join(w.ledgers(), "payments.db")); err != nil {
		return nil, err
	}
	if witness.Shipments, err = ledger.Open(ctx, filepath.Join(w.ledgers(), "shipments.db")); err != nil {
		return nil, err
	}
	return witness, nil
}

// Close frees the files.
func (w *Witness) Close() error {
	var errs []error
	if w.Store != nil {
		errs = append(errs, w.Store.Close())
	}
	for _, book := range []*ledger.Ledger{w.Payments, w.Shipments} {
		if book != nil {
			errs = append(errs, book.Close())
		}
	}
	return errors.Join(errs...)
}
