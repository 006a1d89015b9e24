// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build race

package crash_test

// every is how many of the boundaries share a crash. With the race detector everything takes ten times as long, and `make test`
// runs the test without it, too.
const every = 16
