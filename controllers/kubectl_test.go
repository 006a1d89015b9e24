// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"io"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/envtest"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/eventcore"
)

// kubectl runs the command as a user in the world's namespace and returns what it prints.
func (w *world) kubectl(arguments ...string) string {
	w.Helper()
	user, err := environment.AddUser(envtest.User{Name: "shopkeeper", Groups: []string{"system:masters"}}, nil)
	w.must(err)
	kubectl, err := user.Kubectl()
	w.must(err)
	stdout, stderr, err := kubectl.Run(append([]string{"--namespace", w.namespace}, arguments...)...)
	output, readErr := io.ReadAll(stdout)
	w.must(readErr)
	if err != nil {
		problem, _ := io.ReadAll(stderr)
		w.Fatalf("kubectl %s: %v\n%s%s", strings.Join(arguments, " "), err, output, problem)
	}
	return string(output)
}

func TestKubectlWaitReturnsForACompletedOrder(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order"))
	w.run("order", ended)
	w.kubectl("wait", "--for=condition=Succeeded", "order/order", "--timeout=10s")
	w.kubectl("wait", "--for=jsonpath={.status.outcome}", "order/order", "--timeout=10s")
}

func TestKubectlWaitReturnsForAFailedOrder(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_decline" }))
	w.run("order", ended)
	w.kubectl("wait", "--for=condition=Stalled", "order/order", "--timeout=10s")
	w.kubectl("wait", "--for=jsonpath={.status.outcome}=Cancelled", "order/order", "--timeout=10s")
}

func TestKubectlGetShowsWhatHappened(t *testing.T) {
	w := newShop(t)
	w.create(w.newOrder("bought"))
	w.create(w.newOrder("declined", func(o *commercev1.Order) { o.Spec.Payment.Token = "sim_decline" }))
	w.create(w.newOrder("fresh"))
	w.run("bought", ended)
	w.run("declined", ended)
	rows := strings.Split(strings.TrimSpace(w.kubectl("get", "ord")), "\n")
	for i, wanted := range [][]string{
		{"NAME", "STATUS", "TOTAL", "CHARGED", "AGE"},
		{"bought", "Completed", "1500.00", "1500.00"},
		{"declined", "PaymentDeclined", "1500.00", "0.00"},
		{"fresh", "Pending"},
	} {
		fields := strings.Fields(rows[i])
		for j := range wanted {
			if j >= len(fields) || fields[j] != wanted[j] {
				t.Errorf("row %d is %q, wanted %q", i, rows[i], wanted)
				break
			}
		}
	}
	if description := w.kubectl("describe", "order/declined"); !strings.Contains(description, "card_declined") {
		t.Errorf("describe does not tell why:\n%s", description)
	}
}

func TestATokenStaysInTheSpec(t *testing.T) {
	w := newShop(t)
	const token = "sim_decline"
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Payment.Token = token }))
	w.run("order", ended)
	if status := w.kubectl("get", "order/order", "--output=jsonpath={.status}"); strings.Contains(status, token) {
		t.Errorf("the status holds the token: %s", status)
	}
	for event, err := range w.store.Read(t.Context(), eventcore.Query{}) {
		w.must(err)
		if strings.Contains(string(event.Data), token) {
			t.Errorf("event %s holds the token: %s", event.Type, event.Data)
		}
	}
}
