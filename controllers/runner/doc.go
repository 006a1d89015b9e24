// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package runner puts the four services together and drives them without Kubernetes.
//
// Services is their wiring on one store; the manager uses it too. Runner drives them by the feed of the store and by
// timers: it is what the examples, the benchmarks and the crash tests run.
package runner
