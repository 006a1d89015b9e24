// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"

	"github.com/eventcore/order-operator/eventcore"
)

var _ eventcore.Custodian = (*Store)(nil)

// Bind implements eventcore.Custodian. What is bound already costs no commit.
func (s *Store) Bind(ctx context.Context, cluster string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	serves := ""
	err := s.pool.QueryRow(ctx, s.sql.selectCluster).Scan(&serves)
	if err == nil && serves == "" {
		if _, err = s.pool.Exec(ctx, s.sql.bind, cluster); err == nil {
			err = s.pool.QueryRow(ctx, s.sql.selectCluster).Scan(&serves)
		}
	}
	if err == nil && serves != cluster {
		err = &eventcore.OtherClusterError{Serves: serves, Asking: cluster}
	}
	return readError(ctx, err)
}

// Adopt implements eventcore.Custodian.
func (s *Store) Adopt(ctx context.Context, cluster string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	_, err := s.pool.Exec(ctx, s.sql.adopt, cluster)
	return readError(ctx, err)
}

// AcceptRollback implements eventcore.Custodian. A Store that was open while its history was rolled back has to be opened
// again.
func (s *Store) AcceptRollback(ctx context.Context) (eventcore.Identity, error) {
	if err := s.enter(ctx); err != nil {
		return eventcore.Identity{}, err
	}
	defer s.leave()
	epoch := int64(0)
	if err := s.pool.QueryRow(ctx, s.sql.raiseEpoch).Scan(&epoch); err != nil {
		return eventcore.Identity{}, readError(ctx, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity.Epoch = epoch
	return s.identity, nil
}
