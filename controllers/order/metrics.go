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

func init() { metrics.Registry.MustRegister(ordersMissing, absenceValve, ordersFoundMissing) }
