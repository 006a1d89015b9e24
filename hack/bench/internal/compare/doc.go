// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package compare measures workloads in turns, and compares them by the ratio of what each round gave.
//
// A busy or drifting machine changes all workloads of a round alike: the median of the rounds' ratios says more than a
// ratio of two figures that were taken minutes apart.
package compare
