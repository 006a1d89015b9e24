// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/eventcore/order-operator/eventcore"
)

var _ eventcore.CommandStore = (*Store)(nil)

// FindCommand implements eventcore.CommandStore.
func (s *Store) FindCommand(ctx context.Context, id string) (record eventcore.CommandRecord, found bool, err error) {
	if err := s.enter(ctx); err != nil {
		return record, false, err
	}
	defer s.leave()
	content, first, last := []byte(nil), int64(0), int64(0)
	err = s.pool.QueryRow(ctx, s.sql.findCommand, id).Scan(&content, &first, &last)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return record, false, nil
	case err != nil:
		return record, false, readError(ctx, err)
	}
	copy(record.Content[:], content)
	record.First, record.Last = position(first), position(last)
	return record, true, nil
}
