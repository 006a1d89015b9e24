// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"

	"github.com/eventcore/order-operator/eventcore"
)

var _ eventcore.Custodian = (*Store)(nil)

// Bind implements eventcore.Custodian.
func (s *Store) Bind(ctx context.Context, cluster string) error {
	return s.change(ctx, func() error {
		if s.cluster != "" && s.cluster != cluster {
			return &eventcore.OtherClusterError{Serves: s.cluster, Asking: cluster}
		}
		s.cluster = cluster
		return nil
	})
}

// Adopt implements eventcore.Custodian.
func (s *Store) Adopt(ctx context.Context, cluster string) error {
	return s.change(ctx, func() error {
		s.cluster = cluster
		return nil
	})
}

// AcceptRollback implements eventcore.Custodian.
func (s *Store) AcceptRollback(ctx context.Context) (identity eventcore.Identity, err error) {
	err = s.change(ctx, func() error {
		s.identity.Epoch++
		identity = s.identity
		return nil
	})
	return identity, err
}

// change calls work with the lock held.
func (s *Store) change(ctx context.Context, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return eventcore.ErrClosed
	}
	return work()
}
