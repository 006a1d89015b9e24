// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package corebench does on our stores what EventCore's own stress tool and benchmarks do on theirs, and checks what
// they check.
package corebench
