// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !race

package crash_test

// every is how many of the boundaries share a crash: each has one of its own.
const every = 1
