// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/eventcore/order-operator/eventcore"
)

var _ eventcore.Custodian = (*Store)(nil)

// Bind implements eventcore.Custodian. What is bound already costs no commit.
func (s *Store) Bind(ctx context.Context, cluster string) error {
	serves := ""
	err := s.withReader(ctx, func(conn *sqlite.Conn) (err error) {
		_, serves, err = readIdentity(conn)
		return err
	})
	if err == nil && serves == "" {
		err = s.update(ctx, func(conn *sqlite.Conn) (err error) {
			if err := execute(conn, "UPDATE store SET cluster = ?1 WHERE cluster = ''", cluster); err != nil {
				return err
			}
			_, serves, err = readIdentity(conn)
			return err
		})
	}
	if err == nil && serves != cluster {
		err = &eventcore.OtherClusterError{Serves: serves, Asking: cluster}
	}
	return err
}

// Adopt implements eventcore.Custodian.
func (s *Store) Adopt(ctx context.Context, cluster string) error {
	return s.update(ctx, func(conn *sqlite.Conn) error {
		return execute(conn, "UPDATE store SET cluster = ?1", cluster)
	})
}

// AcceptRollback implements eventcore.Custodian.
func (s *Store) AcceptRollback(ctx context.Context) (identity eventcore.Identity, err error) {
	err = s.update(ctx, func(conn *sqlite.Conn) (err error) {
		if err := execute(conn, "UPDATE store SET epoch = epoch + 1"); err != nil {
			return err
		}
		identity, _, err = readIdentity(conn)
		return err
	})
	if err != nil {
		return eventcore.Identity{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity = identity
	return identity, nil
}

// readIdentity returns the history's identity and the cluster that it serves, "" if it has served none yet.
func readIdentity(conn *sqlite.Conn) (identity eventcore.Identity, cluster string, err error) {
	err = each(conn, "SELECT store_id, epoch, cluster FROM store", func(stmt *sqlite.Stmt) (bool, error) {
		stmt.ColumnBytes(0, identity.StoreID[:])
		identity.Epoch = stmt.ColumnInt64(1)
		cluster = stmt.ColumnText(2)
		return false, nil
	})
	return identity, cluster, err
}
