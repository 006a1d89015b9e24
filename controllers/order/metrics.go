// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// Alert on any of them: people have to look.
var (
	ordersMissing = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "order_operator_orders_missing",
		Help: "Open orders whose Order object is missing, at the last count, less those of namespaces that are being deleted.",
	})
	absenceValve = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "order_operator_absence_valve_closed",
		Help: "1 while so many Orders are missing that no order is cancelled because of it, else 0.",
	})
	ordersFoundMissing = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "order_operator_orders_found_missing_total",
		Help: "Open orders whose Order object was found missing although nobody saw its deletion.",
	})
)

// statusLag is what a shopkeeper waits for after the fact.
var statusLag = prometheus.NewHistogram(prometheus.HistogramOpts{
	Name:    "order_operator_status_lag_seconds",
	Help:    "Time from the event that ends an order until the Order's status shows it.",
	Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
})

func init() {
	metrics.Registry.MustRegister(ordersMissing, absenceValve, ordersFoundMissing, statusLag)
}
