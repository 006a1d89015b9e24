// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
)

// custodian returns the store as one that can do what the caller wants, unless this process has crashed.
func (f *Faults) custodian() (eventcore.Custodian, error) {
	if err := f.alive(); err != nil {
		return nil, err
	}
	custodian, ok := f.store.(eventcore.Custodian)
	if !ok {
		return nil, fmt.Errorf("%T is no eventcore.Custodian: %w", f.store, errors.ErrUnsupported)
	}
	return custodian, nil
}

// Bind implements eventcore.Custodian, if the store does. It fails only after a crash, as Adopt and AcceptRollback do.
func (f *Faults) Bind(ctx context.Context, cluster string) error {
	custodian, err := f.custodian()
	if err != nil {
		return err
	}
	return custodian.Bind(ctx, cluster)
}

// Adopt implements eventcore.Custodian, if the store does.
func (f *Faults) Adopt(ctx context.Context, cluster string) error {
	custodian, err := f.custodian()
	if err != nil {
		return err
	}
	return custodian.Adopt(ctx, cluster)
}

// AcceptRollback implements eventcore.Custodian, if the store does.
func (f *Faults) AcceptRollback(ctx context.Context) (eventcore.Identity, error) {
	custodian, err := f.custodian()
	if err != nil {
		return eventcore.Identity{}, err
	}
	return custodian.AcceptRollback(ctx)
}
