// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package remote has another process work: what is compared must not share a heap, or a version of a library.
package remote
