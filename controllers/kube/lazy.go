// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"slices"

	"github.com/go-logr/logr"
)

// Lazy returns a logger that writes what the given one does. Values that are added to it cost next to nothing until
// something is logged: controller-runtime makes a logger of its own for every reconcile, of which hardly any logs.
func Lazy(logger logr.Logger) logr.Logger {
	return logr.New(lazy{sink: logger.WithCallDepth(1).GetSink()})
}

// lazy is a logr.LogSink that keeps values until they are needed.
type lazy struct {
	sink   logr.LogSink
	values []any
}

// Init implements logr.LogSink. The sink below was initialised by its own logger.
func (lazy) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink.
func (l lazy) Enabled(level int) bool { return l.sink.Enabled(level) }

// Info implements logr.LogSink.
func (l lazy) Info(level int, message string, values ...any) {
	l.sink.Info(level, message, slices.Concat(l.values, values)...)
}

// Error implements logr.LogSink.
func (l lazy) Error(err error, message string, values ...any) {
	l.sink.Error(err, message, slices.Concat(l.values, values)...)
}

// WithValues implements logr.LogSink.
func (l lazy) WithValues(values ...any) logr.LogSink {
	return lazy{sink: l.sink, values: slices.Concat(l.values, values)}
}

// WithName implements logr.LogSink.
func (l lazy) WithName(name string) logr.LogSink {
	return lazy{sink: l.sink.WithName(name), values: l.values}
}

// WithCallDepth implements logr.CallDepthLogSink.
func (l lazy) WithCallDepth(depth int) logr.LogSink {
	if deeper, ok := l.sink.(logr.CallDepthLogSink); ok {
		l.sink = deeper.WithCallDepth(depth)
	}
	return l
}
