// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package memory

import (
	"context"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/internal/tail"
)

var _ eventcore.Resolver = (*Store)(nil)

// Resolve implements eventcore.Resolver.
func (s *Store) Resolve(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, bool, error) {
	if err := ctx.Err(); err != nil {
		return eventcore.Appended{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return eventcore.Appended{}, false, eventcore.ErrClosed
	}
	if err := tail.CheckResolvable(&request, s.log.head); err != nil {
		return eventcore.Appended{}, false, err
	}
	first, happened := s.log.find(request.ID, request.Head)
	if !happened {
		s.fenced[request.ID] = struct{}{}
		return eventcore.Appended{}, false, nil
	}
	events := make([]eventcore.Event, len(request.Events))
	for i := range events {
		events[i] = *s.log.at(first + eventcore.Position(i))
		events[i].Payload = request.Events[i].Payload
	}
	return eventcore.Appended{Previous: first - 1, Events: events}, true, nil
}
