// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package measure has workers repeat something for a while, and counts and times it.
package measure
