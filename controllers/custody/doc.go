// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package custody decides whether a process may work on a store: it serves this cluster and no other, and nothing is missing of
// its history that anybody has seen. What is found out is recorded in the store itself, so that all its processes know. It works
// without Kubernetes.
package custody
