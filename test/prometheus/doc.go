// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package prometheus holds the alerts and the dashboard of config/components to Prometheus's own parsers and engine, and
// to the metrics that docs/metrics.md lists, which package test/telemetry holds to those of a running manager. It is a
// module of its own, so that nobody inherits Prometheus.
package prometheus
