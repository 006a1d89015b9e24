// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
)

const (
	// podNamespace is the file that tells a pod its namespace.
	podNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
	// defaultNamespace is the one of config/rbac.
	defaultNamespace = "order-system"
)

// ownNamespace returns the operator's namespace: the one that the user named, or else the pod's.
func ownNamespace(named string) string {
	if named != "" {
		return named
	}
	if content, err := os.ReadFile(podNamespace); err == nil && len(content) > 0 {
		return strings.TrimSpace(string(content))
	}
	return defaultNamespace
}
