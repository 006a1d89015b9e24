// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// grant is what a ServiceAccount may do.
type grant struct {
	verbs []string
	// resource is as kubectl writes it: RESOURCE[.GROUP][/SUBRESOURCE].
	resource string
	// name is of the only object, if there is but one.
	name string
	// namespace is the only namespace; everywhere if empty.
	namespace string
}

var (
	watching = []string{"get", "list", "watch"}

	// everyone's grants are those of each service: to take turns, and to know who asks for metrics.
	everyone = []grant{
		{verbs: []string{"create", "get", "update"}, resource: "leases.coordination.k8s.io", namespace: own},
		{verbs: []string{"create", "patch"}, resource: "events", namespace: own},
		{verbs: []string{"create"}, resource: "tokenreviews.authentication.k8s.io"},
		{verbs: []string{"create"}, resource: "subjectaccessreviews.authorization.k8s.io"},
	}
	credentials = grant{verbs: []string{"get"}, resource: "secrets", namespace: own}

	// ofService are the grants of the services, beside everyone's.
	ofService = map[string][]grant{
		"order": {
			{verbs: watching, resource: "orders.commerce.eventcore.dev"},
			{verbs: []string{"delete"}, resource: "orders.commerce.eventcore.dev"},
			{verbs: []string{"update"}, resource: "orders.commerce.eventcore.dev/status"},
			{verbs: []string{"get"}, resource: "customresourcedefinitions.apiextensions.k8s.io", name: "orders.commerce.eventcore.dev"},
			{verbs: []string{"get"}, resource: "namespaces"},
			{verbs: []string{"create", "patch"}, resource: "events.events.k8s.io"},
		},
		"inventory": {
			{verbs: watching, resource: "products.commerce.eventcore.dev"},
			{verbs: []string{"update"}, resource: "products.commerce.eventcore.dev/status"},
		},
		"payment": {
			{verbs: watching, resource: "paymentgateways.commerce.eventcore.dev"},
			{verbs: []string{"update"}, resource: "paymentgateways.commerce.eventcore.dev"},
			{verbs: []string{"update"}, resource: "paymentgateways.commerce.eventcore.dev/status"},
			{verbs: []string{"get"}, resource: "orders.commerce.eventcore.dev"},
			credentials,
		},
		"shipping": {
			{verbs: watching, resource: "carriers.commerce.eventcore.dev"},
			{verbs: []string{"update"}, resource: "carriers.commerce.eventcore.dev"},
			{verbs: []string{"update"}, resource: "carriers.commerce.eventcore.dev/status"},
			credentials,
		},
	}
)

// roles returns the grants of the overlay's ServiceAccounts.
func roles(overlay string) map[string][]grant {
	if !strings.HasSuffix(overlay, "microservices") {
		all := everyone
		for _, grants := range ofService {
			all = append(slices.Clip(all), grants...)
		}
		return map[string][]grant{"order-operator": all}
	}
	each := map[string][]grant{}
	for service, grants := range ofService {
		each["order-operator-"+service] = append(slices.Clip(everyone), grants...)
	}
	return each
}

// holdToRoles asks the API server's authorizer what each ServiceAccount may do, which must be the grants and nothing else.
func holdToRoles(t *testing.T, overlay string, manifests []byte) {
	t.Helper()
	want := roles(overlay)
	var accounts []string
	for _, account := range find[corev1.ServiceAccount](t, manifests, "ServiceAccount") {
		accounts = append(accounts, account.Name)
	}
	if !slices.Equal(slices.Sorted(slices.Values(accounts)), slices.Sorted(maps.Keys(want))) {
		t.Fatalf("there are the ServiceAccounts %q, want %q", accounts, slices.Sorted(maps.Keys(want)))
	}
	for account, grants := range want {
		t.Run(account, func(t *testing.T) {
			t.Parallel()
			for _, namespace := range []string{own, shop} {
				holdToRules(t, account, namespace, grants)
				holdToReviews(t, account, namespace, grants)
			}
		})
	}
}

// holdToRules compares all rules that the authorizer finds for the account with the grants. Rules that every account has,
// such as to ask what it may do, count for nothing.
func holdToRules(t *testing.T, account, namespace string, grants []grant) {
	t.Helper()
	want := rules(t, "nobody", namespace)
	for _, g := range grants {
		if g.namespace != "" && g.namespace != namespace {
			continue
		}
		for _, verb := range g.verbs {
			want[strings.TrimSpace(verb+" "+g.resource+" "+g.name)] = true
		}
	}
	got := rules(t, account, namespace)
	for rule := range want {
		if !got[rule] {
			t.Errorf("in %s, may not %s", namespace, rule)
		}
	}
	for rule := range got {
		if !want[rule] {
			t.Errorf("in %s, may %s", namespace, rule)
		}
	}
}

// rules returns what the account may do in the namespace, each as "VERB RESOURCE [NAME]".
func rules(t *testing.T, account, namespace string) map[string]bool {
	t.Helper()
	config := rest.CopyConfig(environment.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: username(account), Groups: groups}
	as, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	review, err = as.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if review.Status.Incomplete {
		t.Fatalf("the rules are incomplete: %s", review.Status.EvaluationError)
	}
	found := map[string]bool{}
	for _, rule := range review.Status.ResourceRules {
		for _, verb := range rule.Verbs {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, name := range append(rule.ResourceNames, "")[:max(1, len(rule.ResourceNames))] {
						found[strings.TrimSpace(verb+" "+inGroup(resource, group)+" "+name)] = true
					}
				}
			}
		}
	}
	return found
}

// inGroup returns the resource as kubectl writes it.
func inGroup(resource, group string) string {
	resource, subresource, found := strings.Cut(resource, "/")
	if group != "" {
		resource += "." + group
	}
	if found {
		resource += "/" + subresource
	}
	return resource
}

var groups = []string{"system:serviceaccounts", "system:serviceaccounts:" + own, "system:authenticated"}

func username(account string) string { return "system:serviceaccount:" + own + ":" + account }

// asked are the resources about which SubjectAccessReviews are made: all that anybody may touch, and what nobody may.
func asked() []string {
	resources := []string{
		"configmaps", "pods", "pods/exec", "serviceaccounts/token", "services/proxy", "nodes", "persistentvolumeclaims",
		"orders.commerce.eventcore.dev/resolve", "orders.commerce.eventcore.dev/history", "products.commerce.eventcore.dev/scale",
		"deployments.apps", "clusterroles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io",
		"validatingadmissionpolicies.admissionregistration.k8s.io",
	}
	for _, grants := range roles("microservices") {
		for _, g := range grants {
			resources = append(resources, g.resource)
		}
	}
	slices.Sort(resources)
	return slices.Compact(resources)
}

// holdToReviews asks for every verb on every resource, one by one.
func holdToReviews(t *testing.T, account, namespace string, grants []grant) {
	t.Helper()
	for _, resource := range asked() {
		for _, verb := range []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"} {
			want := slices.ContainsFunc(grants, func(g grant) bool {
				return g.resource == resource && slices.Contains(g.verbs, verb) && g.name == "" &&
					(g.namespace == "" || g.namespace == namespace)
			})
			if got := allowed(t, account, namespace, verb, resource, ""); got != want {
				t.Errorf("%s %s in %s: allowed %t, want %t", verb, resource, namespace, got, want)
			}
		}
	}
	for _, g := range grants {
		if g.name != "" && !allowed(t, account, namespace, g.verbs[0], g.resource, g.name) {
			t.Errorf("may not %s %s %s", g.verbs[0], g.resource, g.name)
		}
	}
}

// allowed asks the API server by a SubjectAccessReview.
func allowed(t *testing.T, account, namespace, verb, resource, name string) bool {
	t.Helper()
	return review(t, username(account), groups, namespace, verb, resource, name)
}

func review(t *testing.T, user string, groups []string, namespace, verb, resource, name string) bool {
	t.Helper()
	resource, subresource, _ := strings.Cut(resource, "/")
	resource, group, _ := strings.Cut(resource, ".")
	answer, err := clients.AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user, Groups: groups,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: verb, Group: group, Resource: resource, Subresource: subresource, Name: name,
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.Allowed
}

// TestRolesOfPeople binds the roles for people to somebody in one namespace, and asks what that allows.
func TestRolesOfPeople(t *testing.T) {
	apply(t, build(t, "config/default"))
	bind := func(namespace, kind, role, user string) {
		t.Helper()
		apply(t, fmt.Appendf(nil, `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {namespace: %s, name: %s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %s, name: %s}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %s}]
`, namespace, role, kind, role, user))
	}
	for _, role := range []string{"order-viewer", "order-editor", "order-admin", "order-resolver", "product-viewer"} {
		bind(shop, "ClusterRole", role, role)
	}
	bind(own, "Role", "order-history-proxy", "reader")
	const (
		orders  = "orders.commerce.eventcore.dev"
		history = orders + "/history"
		resolve = orders + "/resolve"
		proxied = "https:order-operator-history:https"
	)
	for _, test := range []struct {
		user, verb, resource, namespace, name string
		want                                  bool
	}{
		{"order-viewer", "list", orders, shop, "", true},
		{"order-viewer", "get", history, shop, "", true},
		{"order-viewer", "get", history, own, "", false},
		{"order-viewer", "create", orders, shop, "", false},
		{"order-viewer", "update", resolve, shop, "", false},
		{"order-editor", "update", orders, shop, "", true},
		{"order-editor", "get", history, shop, "", true},
		{"order-editor", "update", orders + "/status", shop, "", false},
		{"order-editor", "update", resolve, shop, "", false},
		{"order-admin", "get", history, shop, "", true},
		{"order-admin", "update", resolve, shop, "", true},
		{"order-admin", "update", orders + "/status", shop, "", false},
		{"order-resolver", "update", resolve, shop, "", true},
		{"order-resolver", "update", orders, shop, "", false},
		{"product-viewer", "get", history, shop, "", false},
		{"reader", "get", "services/proxy", own, proxied, true},
		{"reader", "get", "services/proxy", own, "https:order-operator-metrics:https", false},
		{"reader", "create", "services/proxy", own, proxied, false},
		{"reader", "get", "secrets", own, "", false},
		{"nobody", "get", "services/proxy", own, proxied, false},
	} {
		got := review(t, test.user, []string{"system:authenticated"}, test.namespace, test.verb, test.resource, test.name)
		if got != test.want {
			t.Errorf("%s: %s %s %s in %s: allowed %t, want %t", test.user, test.verb, test.resource, test.name, test.namespace, got, test.want)
		}
	}
}
