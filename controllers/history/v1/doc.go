// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1 holds what the history API says, as JSON: the server in package history writes it, kubectl-order reads it.
// docs/api/history.yaml describes it for other programs. Fields may be added, and are never taken away or given another
// meaning.
package v1
