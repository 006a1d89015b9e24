// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lab is where measurements take place: a temporary folder, a PostgreSQL server, and what was opened there.
package lab
