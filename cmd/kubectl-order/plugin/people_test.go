// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
)

const (
	shop     = "shop"
	operator = "order-system"
)

// The people of the tests. Ada runs the shop, Sam may look at its Orders and reach the history API, and not read it, Zoe
// may read it and not reach it, Rob looks after all shops. Root is the cluster's administrator, with a client certificate.
const (
	ada  = "ada"
	sam  = "sam"
	zoe  = "zoe"
	rob  = "rob"
	root = "root"
)

func (s *stage) people(ctx context.Context) error {
	if err := s.cluster.CreateNamespace(ctx, shop); err != nil {
		return err
	}
	for _, name := range []string{ada, sam, zoe, rob} {
		token, err := s.cluster.WriteAccountKubeconfig(ctx, s.kubeconfig(name), shop, name)
		if err != nil {
			return err
		}
		s.tokens = append(s.tokens, token)
	}
	if err := s.cluster.WriteAdminKubeconfig(s.kubeconfig(root), shop); err != nil {
		return err
	}
	look := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "look"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"commerce.eventcore.dev"}, Resources: []string{"orders"}, Verbs: []string{"get", "list"}}},
	}
	if err := s.cluster.Client.Create(ctx, look); err != nil {
		return err
	}
	for _, grant := range []struct{ who, namespace, kind, role string }{
		{ada, shop, "ClusterRole", "order-admin"},
		{ada, shop, "ClusterRole", "product-viewer"},
		{ada, "", "ClusterRole", "paymentgateway-viewer"},
		{ada, "", "ClusterRole", "carrier-viewer"},
		{ada, operator, "Role", "order-history-proxy"},
		{sam, shop, "ClusterRole", "look"},
		{sam, operator, "Role", "order-history-proxy"},
		{zoe, shop, "ClusterRole", "order-history-viewer"},
		{rob, "", "ClusterRole", "order-viewer"},
		{rob, "", "ClusterRole", "product-viewer"},
		{rob, operator, "Role", "order-history-proxy"},
	} {
		if err := s.cluster.Client.Create(ctx, binding(grant.who, grant.namespace, grant.kind, grant.role)); err != nil {
			return err
		}
	}
	return nil
}

func binding(who, namespace, kind, role string) client.Object {
	meta := metav1.ObjectMeta{Namespace: namespace, Name: who + "-" + role}
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: shop, Name: who}}
	reference := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role}
	if namespace == "" {
		return &rbacv1.ClusterRoleBinding{ObjectMeta: meta, Subjects: subjects, RoleRef: reference}
	}
	return &rbacv1.RoleBinding{ObjectMeta: meta, Subjects: subjects, RoleRef: reference}
}

func (s *stage) kubeconfig(name string) string { return filepath.Join(s.folder, name+".kubeconfig") }

// result is what a command has left.
type result struct {
	code     int
	out, err string
}

// try runs the plugin.
func try(t *testing.T, who string, arguments ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, errOut bytes.Buffer
	code := plugin.Run(ctx, append([]string{"--kubeconfig=" + shared.kubeconfig(who)}, arguments...), options(&out, &errOut))
	for _, text := range []string{out.String(), errOut.String()} {
		if shared.leaks(text) {
			t.Errorf("kubectl order %q shows a token:\n%s", arguments, text)
		}
	}
	return result{code, out.String(), errOut.String()}
}

// options let everything be a day old, so that ages are the same whenever a test runs.
func options(out, errOut *bytes.Buffer) plugin.Options {
	return plugin.Options{
		Streams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: errOut},
		Getenv:  func(string) string { return "" }, Version: "test",
		Clock: func() time.Time { return time.Now().Add(24*time.Hour + 20*time.Minute) },
	}
}

// leaks reports whether the text holds a token, or the part of it that makes it one.
func (s *stage) leaks(text string) bool {
	return slices.ContainsFunc(s.tokens, func(token string) bool {
		return strings.Contains(text, token[strings.LastIndex(token, ".")+1:])
	})
}

// succeeds returns what a command that must succeed says.
func succeeds(t *testing.T, who string, arguments ...string) string {
	t.Helper()
	got := try(t, who, arguments...)
	if got.code != plugin.ExitOK {
		t.Fatalf("kubectl order %q: exit code %d\n%s%s", arguments, got.code, got.out, got.err)
	}
	return got.out
}

// refuses checks that a command ends with the code, says all that it should, and shows nothing.
func refuses(t *testing.T, code int, who string, arguments []string, says ...string) {
	t.Helper()
	got := try(t, who, arguments...)
	if got.code != code || got.out != "" {
		t.Errorf("kubectl order %q as %s: exit code %d, wanted %d\n%s%s", arguments, who, got.code, code, got.out, got.err)
	}
	for _, part := range says {
		if !strings.Contains(got.err, part) {
			t.Errorf("kubectl order %q as %s does not say %q:\n%s", arguments, who, part, got.err)
		}
	}
}

// sample applies a manifest of config/samples.
func sample(t *testing.T, namespace, name string) {
	t.Helper()
	path := filepath.Join(shared.root, "config", "samples", name+".yaml")
	if err := shared.cluster.ApplyFile(t.Context(), namespace, path); err != nil {
		t.Fatal(err)
	}
}

// place applies an Order like a sample's, under another name, and with one passage replaced.
func place(t *testing.T, namespace, like, name, old, replacement string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(shared.root, "config", "samples", like+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(content), "name: "+like, "name: "+name, 1)
	if old != "" && !strings.Contains(text, old) {
		t.Fatalf("%q is not in %s", old, like)
	}
	path := filepath.Join(t.TempDir(), name+".yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(text, old, replacement, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := shared.cluster.ApplyFile(t.Context(), namespace, path); err != nil {
		t.Fatal(err)
	}
}

// rest waits until the orders have ended, or need a person.
func rest(t *testing.T, namespace string, names ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := shared.cluster.WaitForOrders(ctx, namespace, names...); err != nil {
		t.Fatal(err)
	}
	if _, err := shared.cluster.Settle(ctx, shared.witness, namespace); err != nil {
		t.Fatal(err)
	}
}
