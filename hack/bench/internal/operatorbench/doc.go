// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package operatorbench measures the operator on a control plane of its own, next to an operator that does nothing but
// one status write for each order. What both reach is what the API server allows.
package operatorbench
