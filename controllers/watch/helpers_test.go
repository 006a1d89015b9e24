// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package watch_test

import (
	"context"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"

	"github.com/eventcore/order-operator/eventcore"
)

// logged collects lines of a log.
type logged struct{ lines []string }

func (l *logged) logger() logr.Logger {
	return funcr.New(func(_, line string) { l.lines = append(l.lines, line) }, funcr.Options{})
}

// countingStore counts what the watcher writes, and fails to save while the bench is broken.
type countingStore struct {
	eventcore.Store
	bench *bench
}

func (s countingStore) Append(ctx context.Context, request eventcore.AppendRequest) (eventcore.Appended, error) {
	s.bench.appends++
	return s.Store.Append(ctx, request)
}

func (s countingStore) ReadModel(name string) (eventcore.ReadModel, error) {
	model, err := s.Store.ReadModel(name)
	return countingModel{model, s.bench}, err
}

type countingModel struct {
	eventcore.ReadModel
	bench *bench
}

func (m countingModel) Update(ctx context.Context, from, to eventcore.Position, changes []eventcore.Change) error {
	if m.bench.broken.Load() {
		return errStore
	}
	m.bench.saves++
	return m.ReadModel.Update(ctx, from, to, changes)
}
