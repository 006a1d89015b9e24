// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The ServiceAccounts, by the services that they are for.
const (
	orderAccount     = "order-operator-order"
	inventoryAccount = "order-operator-inventory"
	paymentAccount   = "order-operator-payment"
	shippingAccount  = "order-operator-shipping"
)

var (
	services = []string{orderAccount, inventoryAccount, paymentAccount, shippingAccount}
	nobody   []string
)

// right is something that ServiceAccounts may do, or not.
type right struct {
	verbs, resource string
	// namespace is where; everywhere if it is empty.
	namespace string
	who       []string
}

// matrix says who may do what. What nobody may is here because others do so, or because it would be dangerous.
var matrix = []right{
	{"get", "orders", "", []string{orderAccount, paymentAccount}},
	{"list watch delete", "orders", "", []string{orderAccount}},
	{"create update patch deletecollection", "orders", "", nobody},
	{"update", "orders/status", "", []string{orderAccount}},
	{"patch", "orders/status", "", nobody},
	{"update", "orders/resolve", "", nobody},
	{"get", "orders/history", "", nobody},
	{"get list watch", "products", "", []string{inventoryAccount}},
	{"update", "products/status", "", []string{inventoryAccount}},
	{"create update patch delete", "products", "", nobody},
	{"get list watch update", "paymentgateways", "", []string{paymentAccount}},
	{"update", "paymentgateways/status", "", []string{paymentAccount}},
	{"create patch delete", "paymentgateways", "", nobody},
	{"get list watch update", "carriers", "", []string{shippingAccount}},
	{"update", "carriers/status", "", []string{shippingAccount}},
	{"create patch delete", "carriers", "", nobody},
	{"get", "secrets", system, []string{paymentAccount, shippingAccount}},
	{"list watch create update", "secrets", system, nobody},
	{"get", "secrets", "default", nobody},
	{"get list", "configmaps", system, nobody},
	{"get create update", "leases", system, services},
	{"get create update", "leases", "default", nobody},
	{"create patch", "events", system, services},
	{"create patch", "events.events.k8s.io", "default", []string{orderAccount}},
	{"get", "namespaces", "", []string{orderAccount}},
	{"list watch", "namespaces", "", nobody},
	{"get", "customresourcedefinitions/orders.commerce.eventcore.dev", "", []string{orderAccount}},
	{"get", "customresourcedefinitions/products.commerce.eventcore.dev", "", nobody},
	{"create", "tokenreviews", "", services},
	{"create", "subjectaccessreviews", "", services},
	{"create", "serviceaccounts/token", system, nobody},
	{"create get", "pods", system, nobody},
	{"create", "pods/exec", system, nobody},
	{"impersonate", "users", "", nobody},
	{"bind escalate", "clusterroles", "", nobody},
}

// question is what kubectl auth can-i is asked.
type question struct {
	account, verb string
	right         right
	wanted        bool
}

func (q question) arguments() []string {
	resource, part, _ := strings.Cut(q.right.resource, "/")
	arguments := []string{"auth", "can-i", q.verb, resource, "--as=system:serviceaccount:" + system + ":" + q.account}
	switch {
	case resource == "customresourcedefinitions":
		arguments[3] = q.right.resource // a name, where others have a part of the resource
	case part != "":
		arguments = append(arguments, "--subresource="+part)
	}
	if q.right.namespace == "" {
		return append(arguments, "--all-namespaces")
	}
	return append(arguments, "--namespace="+q.right.namespace)
}

// questions are those of the matrix for the accounts. An account that does all services' work has all their rights.
func questions(accounts []string) (all []question) {
	for _, account := range accounts {
		for _, r := range matrix {
			wanted := slices.Contains(r.who, account) || account == "order-operator" && len(r.who) > 0
			for verb := range strings.FieldsSeq(r.verbs) {
				all = append(all, question{account: account, verb: verb, right: r, wanted: wanted})
			}
		}
	}
	return all
}

// rightsAsDocumented asks for every right of every account.
func rightsAsDocumented(t *testing.T, accounts ...string) {
	t.Helper()
	ctx := patiently(t)
	all := questions(accounts)
	next := make(chan question)
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for q := range next {
				check(ctx, t, q)
			}
		})
	}
	for _, q := range all {
		next <- q
	}
	close(next)
	asking.Wait()
	t.Logf("%d questions about %s", len(all), strings.Join(accounts, ", "))
}

func check(ctx context.Context, t *testing.T, q question) {
	t.Helper()
	answer, err := shared.kind.Kubectl(ctx, q.arguments()...)
	switch answer = strings.TrimSpace(answer); {
	case !strings.HasPrefix(answer, "yes") && !strings.HasPrefix(answer, "no"):
		t.Errorf("kubectl %s: %q, %v", strings.Join(q.arguments(), " "), answer, err)
	case strings.HasPrefix(answer, "yes") != q.wanted:
		t.Errorf("may %s %s %s in %q: %s", q.account, q.verb, q.right.resource, q.right.namespace, answer)
	}
}
