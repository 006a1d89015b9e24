// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package telemetry has the real manager carry out orders on a real API server, and holds what it tells of them to what
// the manuals promise: its metrics to docs/metrics.md, its log, and its traces, as a collector gets them.
package telemetry
