// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/eventcore/order-operator/eventcore"
)

// readModel is an eventcore.ReadModel. Documents are copied on their way in and out.
type readModel struct {
	mu         sync.RWMutex
	checkpoint eventcore.Position
	documents  map[string][]byte
}

// Checkpoint implements eventcore.ReadModel.
func (m *readModel) Checkpoint(ctx context.Context) (eventcore.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.checkpoint, nil
}

// Get implements eventcore.ReadModel.
func (m *readModel) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	value, found := m.documents[key]
	return bytes.Clone(value), found, nil
}

// All implements eventcore.ReadModel, as of the moment when the iteration starts.
func (m *readModel) All(ctx context.Context) iter.Seq2[eventcore.Document, error] {
	return func(yield func(eventcore.Document, error) bool) {
		m.mu.RLock()
		documents := maps.Clone(m.documents)
		m.mu.RUnlock()
		for _, key := range slices.Sorted(maps.Keys(documents)) {
			if err := ctx.Err(); err != nil {
				yield(eventcore.Document{}, err)
				return
			}
			if !yield(eventcore.Document{Key: key, Value: bytes.Clone(documents[key])}, nil) {
				return
			}
		}
	}
}

// Update implements eventcore.ReadModel.
func (m *readModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.checkpoint != from {
		return eventcore.ErrCheckpointMoved
	}
	for _, change := range changes {
		if change.Value == nil {
			delete(m.documents, change.Key)
			continue
		}
		m.documents[change.Key] = bytes.Clone(change.Value)
	}
	m.checkpoint = to
	return nil
}
