// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package provider is a payment provider and a carrier that speak the contracts of docs/providers.md, and misbehave on
// demand. It runs as a process of its own (cmd/provider), with a durable ledger of its own, which is the independent
// witness of what happened: a test holds its orders against that, not against what it was told.
//
// A Plan says how it misbehaves: by probabilities that a seed decides, or by a script for single orders. Tests set it
// through Process, which also kills the process in the middle of its work, and starts it again on the same ledger and
// port.
package provider
