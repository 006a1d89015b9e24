// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"strings"
	"sync"

	"github.com/eventcore/order-operator/eventcore"
)

// repetitions is how often a command is decided in vain. The first decision may rest on states older than what was
// given meanwhile; the conflict that ends it brings them up to date, so that the others must agree.
const repetitions = 2

// repeating is a store that refuses the first appends of every command with a conflict that is none, so that the command
// is decided again, and keeps what was decided each time.
type repeating struct {
	eventcore.Store

	mu        sync.Mutex
	decisions []string
}

func (s *repeating) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decisions = nil
}

// Append implements eventcore.Store.
func (s *repeating) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if s.keep(request.Events) <= repetitions {
		return eventcore.Appended{}, &eventcore.ConflictError{}
	}
	return s.Store.Append(ctx, request)
}

func (s *repeating) keep(events []eventcore.Event) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decisions = append(s.decisions, list(events))
	return len(s.decisions)
}

// difference shows two decisions of one command on the same states that differ.
func (s *repeating) difference() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 2; i < len(s.decisions); i++ {
		if before, after := s.decisions[i-1], s.decisions[i]; before != after {
			return "it appended" + strings.Join([]string{before, after}, "\nthen")
		}
	}
	return ""
}
