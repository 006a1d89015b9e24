// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package terminal runs programs on a terminal, for tests of what they show only there. It works on Linux.
package terminal
