// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"cmp"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

const namespace = "order_operator"

// metrics are what is counted as it happens. Their number is bounded: it grows with event types, steps, reasons and
// providers, never with orders.
type metrics struct {
	events        *prometheus.CounterVec
	finished      *prometheus.CounterVec
	orderDuration *prometheus.HistogramVec
	stepDuration  *prometheus.HistogramVec
	compensations *prometheus.CounterVec
	retries       *prometheus.CounterVec
	unknown       *prometheus.CounterVec
	attention     *prometheus.CounterVec

	commitDuration prometheus.Histogram
	batchCommands  prometheus.Histogram
	batchEvents    prometheus.Histogram
	conflicts      prometheus.Counter
	storeErrors    *prometheus.CounterVec

	calls        *prometheus.CounterVec
	callDuration *prometheus.HistogramVec
}

// The buckets: an order may take milliseconds or days, a call seconds, a commit microseconds to seconds.
var (
	orderBuckets  = []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400}
	callBuckets   = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	commitBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
	batchBuckets  = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}
)

func newMetrics() *metrics {
	m := &metrics{
		events:   counters("events_total", "Events that were recorded, by type.", "type"),
		finished: counters("orders_finished_total", "Orders that have ended, by outcome.", "outcome"),
		orderDuration: histograms("order_duration_seconds",
			"Time from an order's creation to its end, by outcome.", orderBuckets, "outcome"),
		stepDuration: histograms("order_step_duration_seconds",
			"Time that a step or a compensation took, from the end of the one before, with its waits and retries.", orderBuckets, "step"),
		compensations: counters("order_compensations_total",
			"Orders that turned round, by the step that was refused (none for deadlines and people) and the reason.", "step", "reason"),
		retries: counters("order_retries_total",
			"Tries of a step or a compensation that failed without an effect and are made again.", "step"),
		unknown: counters("order_unknown_outcomes_total",
			"Calls and look-ups after which nobody knew whether the call had happened.", "step"),
		attention: counters("order_attention_required_total",
			"Times that a person was asked to decide, by step and reason.", "step", "reason"),

		commitDuration: histogram("store_commit_duration_seconds",
			"Time that the store took to append a batch of events.", commitBuckets),
		batchCommands: histogram("store_batch_commands", "Commands that were committed together.", batchBuckets),
		batchEvents:   histogram("store_batch_events", "Events that were committed together.", batchBuckets),
		conflicts: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "store_conflicts_total",
			Help: "Batches that were decided again because another process had written meanwhile.",
		}),
		storeErrors: counters("store_errors_total", "Batches that the store failed to append, by reason.", "reason"),

		calls: counters("provider_calls_total", "Requests to providers, by what was asked and what became of it.",
			"kind", "name", "verb", "result"),
		callDuration: histograms("provider_call_duration_seconds", "Time that providers took to answer.", callBuckets,
			"kind", "name", "verb"),
	}
	m.prepare()
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets})
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

// prepare makes the rows that are known: the first of anything is a rise, too.
func (m *metrics) prepare() {
	for name := range saga.NewRegistry().Types() {
		m.events.WithLabelValues(name)
	}
	for _, outcome := range []saga.Outcome{saga.Completed, saga.Cancelled} {
		m.finished.WithLabelValues(string(outcome))
		m.orderDuration.WithLabelValues(string(outcome))
	}
	for _, step := range saga.CurrentFlow().Steps {
		for _, name := range []string{step.Name, step.Compensation} {
			if name == "" {
				continue
			}
			m.stepDuration.WithLabelValues(name)
			m.retries.WithLabelValues(name)
			m.unknown.WithLabelValues(name)
		}
		m.compensations.WithLabelValues(step.Name, step.Refused)
		if step.UndoRefused != "" {
			m.attention.WithLabelValues(operation(step.Name, true), step.UndoRefused)
		}
	}
	for _, reason := range []string{saga.ReasonDeadlineExceeded, saga.ReasonCancelledByUser, saga.ReasonOrderDeleted} {
		m.compensations.WithLabelValues(noStep, reason)
	}
	for _, known := range append(storeErrors, storeError{reason: otherError}) {
		m.storeErrors.WithLabelValues(known.reason)
	}
}

// noStep stands for the step of an order that turned round because of no step.
const noStep = "none"

func (m *metrics) register(registerer prometheus.Registerer) error {
	collectors := []prometheus.Collector{
		m.events, m.finished, m.orderDuration, m.stepDuration, m.compensations, m.retries, m.unknown, m.attention,
		m.commitDuration, m.batchCommands, m.batchEvents, m.conflicts, m.storeErrors, m.calls, m.callDuration,
	}
	errs := make([]error, 0, len(collectors))
	for _, collector := range collectors {
		errs = append(errs, registerer.Register(collector))
	}
	return errors.Join(errs...)
}

// committed counts an attempt to commit.
func (m *metrics) committed(commit eventcore.Commit) {
	switch {
	case errors.Is(commit.Err, eventcore.ErrConflict):
		m.conflicts.Inc()
	case commit.Err != nil:
		m.storeErrors.WithLabelValues(reasonOf(commit.Err)).Inc()
	case commit.Events > 0:
		m.commitDuration.Observe(commit.Took.Seconds())
		m.batchCommands.Observe(float64(commit.Commands))
		m.batchEvents.Observe(float64(commit.Events))
	}
}

type storeError struct {
	err    error
	reason string
}

// storeErrors are the errors of a store that are told apart.
var storeErrors = []storeError{
	{eventcore.ErrOutcomeUnknown, "unknown_outcome"},
	{eventcore.ErrRolledBack, "rolled_back"},
	{eventcore.ErrTooLarge, "too_large"},
}

const otherError = "unavailable"

func reasonOf(err error) string {
	for _, known := range storeErrors {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return otherError
}

// asked counts a request to a provider.
func (m *metrics) asked(ask calls.Ask, result calls.Result, took time.Duration) {
	kind, verb := kindOf(ask.Service), string(ask.Verb)
	m.calls.WithLabelValues(kind, ask.Provider, verb, string(result)).Inc()
	if result != calls.NotAsked {
		m.callDuration.WithLabelValues(kind, ask.Provider, verb).Observe(took.Seconds())
	}
}

// kinds are those of the objects that stand for the providers of services.
var kinds = map[saga.Service]string{saga.PaymentService: "PaymentGateway", saga.ShippingService: "Carrier"}

// kindOf is the kind of the service's providers: that of their objects, if they have any.
func kindOf(service saga.Service) string { return cmp.Or(kinds[service], string(service)) }
