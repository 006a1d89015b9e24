// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
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

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/calls/guard"
	"github.com/eventcore/order-operator/controllers/runner"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/telemetry"
)

// tracePath is where collectors take traces over HTTP.
const tracePath = "/v1/traces"

// lastTraces is how long a process that ends tries to pass on its last traces.
const lastTraces = 5 * time.Second

// newTelemetry returns what watches the services, whatever becomes of the store.
func newTelemetry(logger logr.Logger, options options) (*telemetry.Telemetry, error) {
	traces, err := newTraces(logger.WithName("traces"), options.traceEndpoint)
	if err != nil {
		return nil, err
	}
	return telemetry.New(telemetry.Options{
		Metrics: metrics.Registry, Logger: logger.WithName("saga"), Traces: traces, Clock: time.Now,
	})
}

// newTraces returns nil if there is nowhere to pass traces on to.
func newTraces(logger logr.Logger, endpoint string) (*telemetry.Traces, error) {
	if endpoint == "" {
		return nil, nil //nolint:nilnil // documented
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Info("Traces are lost", "reason", err.Error()) }))
	exporter, err := otlptracehttp.New(context.Background(), otlptracehttp.WithEndpointURL(traceURL(endpoint)))
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

// addTelemetry has scrapes look at the session. The process of the order service follows the events, while it works.
func (s *session) addTelemetry() error {
	circuits := map[saga.Service]func() map[string]guard.Circuits{}
	for service, engine := range map[saga.Service]*calls.Engine{
		saga.PaymentService: s.services.Payment, saga.ShippingService: s.services.Shipping,
	} {
		if engine != nil {
			circuits[service] = engine.Guards().All
		}
	}
	s.unwatch = s.telemetry.Watch(telemetry.Sources{
		Store: s.world.store, Executor: s.services.Executor.Stats, Circuits: circuits,
		CaughtUp: s.feed.CaughtUp, Open: s.feed.OpenOrders, Lag: s.feed.Lag,
	})
	if !s.judges() {
		return nil
	}
	follower := s.telemetry.Follower(s.world.store)
	s.feed.Begins(follower.Begin)
	if err := s.mgr.Add(manager.RunnableFunc(follower.Run)); err != nil {
		return fmt.Errorf("set up the telemetry: %w", err)
	}
	return nil
}

// closeTelemetry passes on the last traces.
func (p *process) closeTelemetry() {
	ctx, cancel := context.WithTimeout(context.Background(), lastTraces)
	defer cancel()
	if err := p.telemetry.Close(ctx); err != nil {
		p.logger.Info("Traces are lost", "reason", err.Error())
	}
}
