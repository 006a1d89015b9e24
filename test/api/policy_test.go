// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// as returns a client of the user.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	config := rest.CopyConfig(environment.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	c, err := strictClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// grant gives the role to the user in the namespace.
func grant(t *testing.T, namespace, role, user string) {
	t.Helper()
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role + "-" + user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
	if err := api.Create(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
}

// installPolicy applies config/policy and waits until it is enforced, which takes the API server a moment.
func installPolicy(t *testing.T) {
	t.Helper()
	root := filepath.Join("..", "..", "config")
	kubectl(t, "apply", "--kustomize", filepath.Join(root, "policy"))
	deadline := time.Now().Add(30 * time.Second)
	for {
		order := withSpec(t, parse(t, "default", orderManifest), object{"resolution": resolution(object{"actor": "nobody"})})
		if err := api.Create(t.Context(), order, client.DryRunAll); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the policy is not enforced")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestWhoMayDecide has an editor of Orders, who may decide about them or not, change an Order.
func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	for _, role := range []string{"order_editor_role.yaml", "order_resolver_role.yaml"} {
		kubectl(t, "apply", "--filename", filepath.Join("..", "..", "config", "rbac", role))
	}
	installPolicy(t)
	for _, user := range []string{"ada", "eve"} {
		grant(t, namespace, "order-editor", user)
	}
	grant(t, namespace, "order-resolver", "ada")

	const (
		notYou        = "spec.resolution.actor must be"
		notAllowed    = "needs the permission to update orders/resolve"
		notAdmittedBy = "order-resolution.commerce.eventcore.dev"
	)
	for _, test := range []struct {
		name          string
		user          string
		before, after object
		says          []string // what the refusal must say; none if the update is to be accepted
	}{
		{name: "an editor may suspend", user: "eve", after: object{"suspend": true}},
		{name: "an editor may cancel", user: "eve", after: object{"cancellation": "Requested"}},
		{
			name: "an editor may not decide", user: "eve", after: object{"resolution": resolution(object{"actor": "eve"})},
			says: []string{notAdmittedBy, notAllowed},
		},
		{
			name: "an editor may not decide in another's name", user: "eve", after: object{"resolution": resolution(object{"actor": "ada"})},
			says: []string{notAdmittedBy, notYou + " eve"},
		},
		{name: "who may decide decides", user: "ada", after: object{"resolution": resolution(object{"actor": "ada"})}},
		{
			name: "who may decide decides in no other's name", user: "ada", after: object{"resolution": resolution(object{"actor": "eve"})},
			says: []string{notAdmittedBy, notYou + " ada"},
		},
		{
			name: "an editor may suspend what another has decided about", user: "eve",
			before: object{"resolution": resolution(nil)}, after: object{"resolution": resolution(nil), "suspend": true},
		},
		{
			name: "an editor may not change what another has decided", user: "eve",
			before: object{"resolution": resolution(nil)}, after: object{"resolution": resolution(object{"action": "Skip"})},
			says: []string{notYou + " eve"},
		},
		{name: "an editor may withdraw a decision", user: "eve", before: object{"resolution": resolution(nil)}, after: object{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := strings.ReplaceAll(test.name, " ", "-")
			name = strings.ReplaceAll(name, "'", "")
			stored := withSpec(t, named(parse(t, namespace, orderManifest), name), test.before)
			if err := api.Create(t.Context(), stored); err != nil {
				t.Fatal(err)
			}
			changed := withSpec(t, named(parse(t, namespace, orderManifest), name), test.after)
			changed.SetResourceVersion(stored.GetResourceVersion())
			err := as(t, test.user).Update(t.Context(), changed)
			if len(test.says) > 0 {
				wantRefusal(t, err, test.says...)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
	t.Run("an Order can't be created decided by another", func(t *testing.T) {
		t.Parallel()
		order := withSpec(t, named(parse(t, namespace, orderManifest), "decided"), object{"resolution": resolution(nil)})
		wantRefusal(t, as(t, "ada").Create(t.Context(), order), notYou+" ada")
	})
}

func named(order *unstructured.Unstructured, name string) *unstructured.Unstructured {
	order.SetName(name)
	return order
}
