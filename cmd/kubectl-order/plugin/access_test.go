// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
)

// An order that several tests look at.
const looked = "looked-at"

func lookedAt(t *testing.T) {
	t.Helper()
	place(t, shop, "order-001", looked, "laptop-001", "keyboard-001")
	rest(t, shop, looked)
}

func TestWhoMayNotIsToldWhatIsMissing(t *testing.T) {
	lookedAt(t)
	for _, test := range []struct {
		name, who string
		code      int
		arguments []string
		says      []string
	}{
		{
			"to read the history", sam, plugin.ExitFailed, []string{"history", looked},
			[]string{`user "system:serviceaccount:shop:sam" may not get orders/history`, `in namespace "shop"`, "order-history-viewer"},
		},
		{
			"to follow it", sam, plugin.ExitFailed, []string{"history", looked, "-w"},
			[]string{"may not get orders/history", "order-history-viewer"},
		},
		{"to check the invariants", sam, plugin.ExitFailed, []string{"verify", looked}, []string{"may not get orders/history"}},
		{"to list orphans", sam, plugin.ExitFailed, []string{"list", "--orphaned"}, []string{"may not get orders/history"}},
		{
			"to reach the operator", zoe, plugin.ExitFailed, []string{"history", looked},
			[]string{"services", "order-history-proxy", "order-system"},
		},
		{"to read another namespace", ada, plugin.ExitFailed, []string{"history", looked, "-n", "default"}, []string{"may not get orders/history", `"default"`}},
		{"to check all namespaces", ada, plugin.ExitFailed, []string{"verify", "-A"}, []string{"in all namespaces"}},
		{"to list all namespaces", ada, plugin.ExitFailed, []string{"list", "-A"}, []string{"forbidden", "config/rbac"}},
		{"to cancel", sam, plugin.ExitFailed, []string{"cancel", looked}, []string{"has ended"}},
		{
			"a certificate instead of a token", root, plugin.ExitFailed, []string{"history", looked},
			[]string{"client certificate", "--as-serviceaccount NAMESPACE/NAME"},
		},
		{
			"somebody else's name", ada, plugin.ExitUsage, []string{"history", looked, "--as", "bob"},
			[]string{"--as does not change", "--as-serviceaccount"},
		},
		{"half a ServiceAccount", root, plugin.ExitUsage, []string{"history", looked, "--as-serviceaccount", "ada"}, []string{"NAMESPACE/NAME"}},
		{"no such ServiceAccount", root, plugin.ExitFailed, []string{"history", looked, "--as-serviceaccount", "shop/bob"}, []string{"shop/bob", "not found"}},
		{"a ServiceAccount without the right", root, plugin.ExitFailed, []string{"history", looked, "--as-serviceaccount", "shop/sam"}, []string{"shop:sam", "may not get"}},
		{"an order that never was", ada, plugin.ExitFailed, []string{"history", "never"}, []string{`knows no order "never"`, `"shop"`}},
		{"an operator elsewhere", rob, plugin.ExitFailed, []string{"history", looked, "--operator-namespace", "default"}, []string{"default", "order-history-proxy"}},
		{"no operator there", root, plugin.ExitFailed, []string{"history", looked, "--as-serviceaccount", "shop/ada", "--operator-namespace", "default"}, []string{"no endpoints available", "--operator-namespace"}},
	} {
		t.Run(test.name, func(t *testing.T) { refuses(t, test.code, test.who, test.arguments, test.says...) })
	}
}

func TestAUserWithACertificateReadsTheHistoryAsAServiceAccount(t *testing.T) {
	lookedAt(t)
	if got := succeeds(t, root, "history", looked, "--as-serviceaccount", "shop/ada"); !strings.Contains(got, "OrderCompleted") {
		t.Errorf("the history is\n%s", got)
	}
}

// TestARightThatIsTakenAwayEndsWithinSeconds also holds that the operator asks the API server, and not itself.
func TestARightThatIsTakenAwayEndsWithinSeconds(t *testing.T) {
	lookedAt(t)
	grant := binding(sam, shop, "ClusterRole", "order-history-viewer")
	if err := shared.cluster.Client.Create(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return try(t, sam, "history", looked).code == plugin.ExitOK })
	if err := shared.cluster.Client.Delete(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return try(t, sam, "history", looked).code == plugin.ExitFailed })
}

// until asks again and again.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			t.Fatal("it never was so")
		}
	}
}

// TestNobodyLogsATokenOrPersonalData reads what the operator has written while all tests before asked it for histories.
func TestNobodyLogsATokenOrPersonalData(t *testing.T) {
	lookedAt(t)
	succeeds(t, ada, "history", looked)
	log, err := os.ReadFile(shared.options.Log)
	if err != nil {
		t.Fatal(err)
	}
	if len(log) == 0 || shared.leaks(string(log)) {
		t.Errorf("the operator's log of %d bytes holds a token", len(log))
	}
	history := succeeds(t, ada, "history", looked, "-o", "json")
	for _, secret := range []string{"sim_approve", "Sample Street", "Springfield", "Ada Example", "12345"} {
		if strings.Contains(history, secret) || strings.Contains(string(log), secret) {
			t.Errorf("%q is told", secret)
		}
	}
}

func TestAnOperatorThatIsAwayIsNamed(t *testing.T) {
	if err := shared.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := shared.start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}()
	refuses(t, plugin.ExitFailed, ada, []string{"history", "order-001"}, "is the operator running?", "kubectl get pods -n order-system")
	if got := succeeds(t, ada, "list"); !strings.Contains(got, "order-001") {
		t.Errorf("without the operator, the list of Orders is\n%s", got)
	}
}

func TestAClusterThatIsAwayIsNamed(t *testing.T) {
	refuses(t, plugin.ExitFailed, ada, []string{"status", "x", "--server", "https://127.0.0.1:1"}, "refused", "kubectl config current-context")
	refuses(t, plugin.ExitFailed, ada, []string{"status", "x", "--context", "nowhere"}, `"nowhere" does not exist`)
}
