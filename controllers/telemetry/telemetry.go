// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Options configure a Telemetry.
type Options struct {
	// Store holds the events. Required.
	Store eventcore.Store
	// Metrics is where the metrics are registered. Required.
	Metrics prometheus.Registerer
	// Logger is told of each step of each order. The zero value logs nothing.
	Logger logr.Logger
	// Traces gets the spans; nil for none.
	Traces *Traces
	// Clock tells the time. Required.
	Clock func() time.Time
}

// Telemetry watches the services at work. Its methods may be called concurrently.
type Telemetry struct {
	options  Options
	metrics  *metrics
	follower follower
}

// New returns a Telemetry whose metrics are registered.
func New(options Options) (*Telemetry, error) {
	t := &Telemetry{options: options, metrics: newMetrics()}
	if err := t.metrics.register(options.Metrics); err != nil {
		return nil, fmt.Errorf("register the metrics: %w", err)
	}
	t.follower = follower{
		metrics: t.metrics, traces: options.Traces, logger: options.Logger, registry: saga.NewRegistry(),
		tracks: map[saga.OrderID]track{}, begun: make(chan struct{}),
	}
	return t, nil
}

// Committed is for eventcore.ExecutorOptions.
func (t *Telemetry) Committed(commit eventcore.Commit) { t.metrics.committed(commit) }

// Executing is for eventcore.ExecutorOptions: it is nil, and costs nothing, without traces.
func (t *Telemetry) Executing() func(context.Context, *eventcore.Metadata) func(eventcore.Receipt, error) {
	if t.options.Traces == nil {
		return nil
	}
	return t.options.Traces.executing
}

// Asking is for calls.Options.
func (t *Telemetry) Asking(ctx context.Context, ask calls.Ask) (context.Context, func(error)) {
	began := t.options.Clock()
	ctx, span := t.options.Traces.asking(ctx, ask)
	return ctx, func(err error) {
		result := calls.ResultOf(err)
		t.metrics.asked(ask, result, t.options.Clock().Sub(began))
		span.asked(result)
	}
}

// Close passes on the last traces, until ctx ends.
func (t *Telemetry) Close(ctx context.Context) error {
	if t.options.Traces == nil {
		return nil
	}
	return t.options.Traces.Close(ctx)
}
