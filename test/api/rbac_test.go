// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// TestRolesForPeople holds that whoever may view or edit a namespace does not thereby see or place its Orders: the
// API server's own roles collect others by these labels.
func TestRolesForPeople(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "config", "rbac", "*_role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	aggregated := map[string]string{
		"product-admin":  "rbac.authorization.k8s.io/aggregate-to-admin",
		"product-editor": "rbac.authorization.k8s.io/aggregate-to-edit",
		"product-viewer": "rbac.authorization.k8s.io/aggregate-to-view",
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			role := &rbacv1.ClusterRole{}
			if err := yaml.UnmarshalStrict(content, role); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			if label, ok := aggregated[role.Name]; ok {
				want[label] = "true"
			}
			if !maps.Equal(role.Labels, want) {
				t.Errorf("got labels %v, want %v", role.Labels, want)
			}
		})
	}
}
