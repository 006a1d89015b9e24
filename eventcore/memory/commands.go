// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"

	"github.com/eventcore/order-operator/eventcore"
)

var _ eventcore.CommandStore = (*Store)(nil)

// FindCommand implements eventcore.CommandStore.
func (s *Store) FindCommand(ctx context.Context, id string) (eventcore.CommandRecord, bool, error) {
	if err := ctx.Err(); err != nil {
		return eventcore.CommandRecord{}, false, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return eventcore.CommandRecord{}, false, eventcore.ErrClosed
	}
	record, found := s.commands[id]
	return record, found, nil
}

// known returns the ids of those commands that are recorded.
func (s *Store) known(commands []eventcore.CommandEntry) []string {
	var ids []string
	for i := range commands {
		if _, found := s.commands[commands[i].ID]; found {
			ids = append(ids, commands[i].ID)
		}
	}
	return ids
}

// record keeps the commands that have appended some of the events.
func (s *Store) record(commands []eventcore.CommandEntry, events []eventcore.Event) {
	for _, c := range commands {
		if c.From < c.To {
			first, last := events[c.From].Position, events[c.To-1].Position
			s.commands[c.ID] = eventcore.CommandRecord{Content: c.Content, First: first, Last: last}
		}
	}
}
