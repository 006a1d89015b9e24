// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// TestRoleOfOperator asks the API server what the operator's ServiceAccount may do, and what not.
func TestRoleOfOperator(t *testing.T) {
	t.Parallel()
	const operatorNamespace = "order-system"
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}}
	if err := api.Create(t.Context(), namespace); client.IgnoreAlreadyExists(err) != nil { // -count=2 finds it there
		t.Fatal(err)
	}
	kubectl(t, "apply", "--kustomize", filepath.Join("..", "..", "config", "rbac"))

	const group = ".commerce.eventcore.dev"
	tests := []struct {
		verb, resource, subresource, namespace string
		want                                   string
	}{
		{"list", "orders" + group, "", "shop", "yes"},
		{"watch", "products" + group, "", "shop", "yes"},
		{"get", "paymentgateways" + group, "", "", "yes"},
		{"update", "orders" + group, "status", "shop", "yes"},
		{"update", "products" + group, "status", "shop", "yes"},
		{"update", "paymentgateways" + group, "status", "", "yes"},
		{"update", "carriers" + group, "status", "", "yes"},
		{"create", "leases.coordination.k8s.io", "", operatorNamespace, "yes"},
		{"update", "leases.coordination.k8s.io", "", operatorNamespace, "yes"},
		{"create", "events", "", operatorNamespace, "yes"},
		{"create", "events.events.k8s.io", "", "shop", "yes"},
		{"patch", "events.events.k8s.io", "", "shop", "yes"},
		{"delete", "orders" + group, "", "shop", "yes"},
		{"get", "namespaces", "", "", "yes"},
		{"get", "customresourcedefinitions.apiextensions.k8s.io/orders.commerce.eventcore.dev", "", "", "yes"},
		{"get", "customresourcedefinitions.apiextensions.k8s.io", "", "", "no"},
		{"list", "namespaces", "", "", "no"},

		{"update", "orders" + group, "", "shop", "no"},
		{"patch", "orders" + group, "", "shop", "no"},
		{"patch", "orders" + group, "status", "shop", "no"},
		{"create", "orders" + group, "", "shop", "no"},
		{"delete", "products" + group, "", "shop", "no"},
		{"update", "products" + group, "", "shop", "no"},
		{"update", "carriers" + group, "", "", "yes"},
		{"update", "paymentgateways" + group, "", "", "yes"},
		{"delete", "carriers" + group, "", "", "no"},
		{"create", "paymentgateways" + group, "", "", "no"},
		{"get", "leases.coordination.k8s.io", "", "shop", "no"},
		{"create", "events", "", "shop", "no"},
		{"get", "secrets", "", "shop", "no"},
		{"get", "secrets", "", operatorNamespace, "yes"},
		{"list", "secrets", "", operatorNamespace, "no"},
		{"watch", "secrets", "", operatorNamespace, "no"},
		{"list", "configmaps", "", operatorNamespace, "no"},
	}
	for _, test := range tests {
		name := strings.Join([]string{test.verb, test.resource, test.subresource, test.namespace}, " ")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arguments := []string{
				"auth", "can-i", test.verb, test.resource, "--subresource", test.subresource,
				"--as", "system:serviceaccount:" + operatorNamespace + ":order-operator",
			}
			if test.namespace != "" {
				arguments = append(arguments, "--namespace", test.namespace)
			}
			out, _ := tryKubectl(t, arguments...) // fails when the answer is no
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if got := lines[len(lines)-1]; got != test.want {
				t.Errorf("got %q, want %s", out, test.want)
			}
		})
	}
}

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
