// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/eventcore/order-operator/controllers/verify"
)

// metrics name no objects: their number is that of the rules.
type metrics struct {
	violations *prometheus.CounterVec
	stuck      prometheus.Gauge
	up         prometheus.Gauge
}

// newMetrics returns metrics with a row of each rule: the first violation is a rise, too.
func newMetrics() metrics {
	m := metrics{
		violations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "order_operator_invariant_violations_total",
			Help: "Violations of the invariants that the checker has found since the process started, by rule.",
		}, []string{"rule"}),
		stuck: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "order_operator_orders_stuck",
			Help: "Orders of which something was due more than ten minutes ago and has not happened.",
		}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "order_operator_invariant_checker_up",
			Help: "1 while the checker of the invariants has judged the whole log and follows it. The leader runs it.",
		}),
	}
	for _, rule := range slices.Concat(verify.Always(), verify.AtRest()) {
		m.violations.WithLabelValues(string(rule))
	}
	return m
}

func (m *metrics) register(registerer prometheus.Registerer) error {
	return errors.Join(registerer.Register(m.violations), registerer.Register(m.stuck), registerer.Register(m.up))
}
