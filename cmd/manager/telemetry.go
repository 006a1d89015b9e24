// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/telemetry"
)

// tracePath is where collectors take traces over HTTP.
const tracePath = "/v1/traces"

// lastTraces is how long a process that ends tries to pass on its last traces.
const lastTraces = 5 * time.Second

// newTelemetry returns what watches the services. It passes traces on until ctx ends.
func newTelemetry(ctx context.Context, w *world, options options) (*telemetry.Telemetry, error) {
	traces, err := newTraces(ctx, options.traceEndpoint)
	if err != nil {
		return nil, err
	}
	return telemetry.New(telemetry.Options{
		Store: w.store, Metrics: metrics.Registry, Logger: logr.FromContextOrDiscard(ctx).WithName("saga"),
		Traces: traces, Clock: time.Now,
	})
}

// newTraces returns nil if there is nowhere to pass traces on to.
func newTraces(ctx context.Context, endpoint string) (*telemetry.Traces, error) {
	if endpoint == "" {
		return nil, nil //nolint:nilnil // documented
	}
	logger := logr.FromContextOrDiscard(ctx).WithName("traces")
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Info("Traces are lost", "reason", err.Error()) }))
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(traceURL(endpoint)))
	if err != nil {
		return nil, fmt.Errorf("--trace-endpoint: %w", err)
	}
	return telemetry.NewTraces(sdktrace.WithBatcher(exporter), sdktrace.WithResource(resource.NewSchemaless(
		attribute.String("service.name", "order-operator"), attribute.String("service.version", version),
	))), nil
}

// traceURL completes the endpoint by the path that all collectors have.
func traceURL(endpoint string) string {
	if parsed, err := url.Parse(endpoint); err == nil && strings.Trim(parsed.Path, "/") == "" {
		parsed.Path = tracePath
		return parsed.String()
	}
	return endpoint
}

// checkTraceEndpoint says what is wrong with the flag.
func checkTraceEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fmt.Errorf("--trace-endpoint %q is no URL: use one like http://collector:4318", endpoint)
	}
	return nil
}

// observer has the services watched.
func observer(t *telemetry.Telemetry) runner.Observer {
	return runner.Observer{Committed: t.Committed, Executing: t.Executing(), Asking: t.Asking}
}

// addTelemetry has scrapes look at the operator, and events counted, logged and traced while this replica works.
func (o *operator) addTelemetry() error {
	o.feed.Begins(o.telemetry.Begin)
	return errors.Join(
		o.telemetry.Watch(telemetry.Sources{
			Executor: o.services.Executor.Stats,
			Circuits: map[saga.Service]func() map[string]guard.Circuits{
				saga.PaymentService:  o.services.Payment.Guards().All,
				saga.ShippingService: o.services.Shipping.Guards().All,
			},
			CaughtUp: o.feed.CaughtUp, Open: o.feed.OpenOrders, Lag: o.feed.Lag,
		}),
		o.mgr.Add(manager.RunnableFunc(o.telemetry.Run)),
	)
}

// closeTelemetry passes on the last traces.
func closeTelemetry(ctx context.Context, t *telemetry.Telemetry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTraces)
	defer cancel()
	if err := t.Close(ctx); err != nil {
		logr.FromContextOrDiscard(ctx).Info("Traces are lost", "reason", err.Error())
	}
}
