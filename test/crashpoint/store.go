// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crashpoint

import (
	"context"
	"strings"

	"github.com/eventcore/order-operator/eventcore"
)

// Store is a store as a process sees it: every append of events and every save of a checkpoint is a boundary.
type Store struct {
	eventcore.Store

	Process *Process
}

// Append implements eventcore.Store.
func (s Store) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	if s.Process.Dead() {
		return eventcore.Appended{}, ErrDead
	}
	if len(request.Events) == 0 {
		return s.Store.Append(ctx, request)
	}
	return Between(s.Process, nameOf(request), func() (eventcore.Appended, error) { return s.Store.Append(ctx, request) })
}

func nameOf(request eventcore.AppendRequest) string {
	types := make([]string, 0, len(request.Events))
	for _, event := range request.Events {
		types = append(types, event.Type)
	}
	return "append " + strings.Join(types, ", ")
}

// ReadModel implements eventcore.Store.
func (s Store) ReadModel(name string) (eventcore.ReadModel, error) {
	model, err := s.Store.ReadModel(name)
	return readModel{model, s.Process, name}, err
}

type readModel struct {
	eventcore.ReadModel

	process *Process
	name    string
}

func (m readModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	return Do(m.process, "checkpoint "+m.name, func() error { return m.ReadModel.Update(ctx, from, to, changes) })
}
