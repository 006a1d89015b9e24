// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/eventcore"
)

// Options configure a Telemetry.
type Options struct {
	// Metrics is where the metrics are registered. Required.
	Metrics prometheus.Registerer
	// Logger is told of each step of each order. The zero value logs nothing.
	Logger logr.Logger
	// Traces gets the spans; nil for none.
	Traces *Traces
	// Clock tells the time. Required.
	Clock func() time.Time
}

// Telemetry watches the services of a process at work, on whichever store they work. Its methods may be called
// concurrently.
type Telemetry struct {
	options Options
	metrics *metrics
	scrape  *scrape
}

// New returns a Telemetry whose metrics are registered.
func New(options Options) (*Telemetry, error) {
	t := &Telemetry{options: options, metrics: newMetrics(), scrape: &scrape{logger: options.Logger}}
	if err := errors.Join(t.metrics.register(options.Metrics), options.Metrics.Register(t.scrape)); err != nil {
		return nil, fmt.Errorf("register the metrics: %w", err)
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
