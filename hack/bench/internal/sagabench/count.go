// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/eventcore/order-operator/eventcore"
)

// whole is a store with everything that a store may be able to do.
type whole interface {
	eventcore.Store
	eventcore.Resolver
	eventcore.CommandStore
	eventcore.Custodian
	eventcore.Follower
}

// countedStore counts commits.
type countedStore struct {
	whole

	commits atomic.Int64
}

func count(store eventcore.Store) (*countedStore, error) {
	able, ok := store.(whole)
	if !ok {
		return nil, fmt.Errorf("%T lacks what the other stores can do", store)
	}
	return &countedStore{whole: able}, nil
}

// Append implements eventcore.Store.
func (s *countedStore) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	appended, err := s.whole.Append(ctx, request)
	if len(appended.Events) > 0 {
		s.commits.Add(1)
	}
	return appended, err
}

// ReadModel implements eventcore.Store.
func (s *countedStore) ReadModel(name string) (eventcore.ReadModel, error) {
	model, err := s.whole.ReadModel(name)
	return countedModel{ReadModel: model, store: s}, err
}

// countedModel is a read model whose updates are commits too.
type countedModel struct {
	eventcore.ReadModel

	store *countedStore
}

// Update implements eventcore.ReadModel.
func (m countedModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	m.store.commits.Add(1)
	return m.ReadModel.Update(ctx, from, to, changes)
}
