// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package storebench compares the stores with the raw limits of the same machine, in the same rounds.
package storebench

// noteBytes makes an event's row as large as a raw one: see package raw.
const noteBytes = 280
