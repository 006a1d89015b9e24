// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
	"github.com/eventcore/order-operator/test/harness"
)

var update = flag.Bool("update", false, "write testdata/*.txt")

// varying is what differs from run to run, and what stands for it in testdata: of the same length, so that columns stay.
var varying = []struct {
	pattern  *regexp.Regexp
	constant string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`), "2026-03-04T05:06:07.089Z"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "2026-03-04T05:06:07Z"},
	{regexp.MustCompile(`SIM\d{12}`), "SIM399317419449"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "019ab3f0-0000-7000-8000-000000000001"},
	{regexp.MustCompile(`\b([a-z]{2})_[0-9a-f]{24}\b`), "${1}_7ce637282d28c56fd3d9c20a"},
}

func constant(text string) string {
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.constant)
	}
	return text
}

// told holds what a command says against testdata, together with the command line.
func told(t *testing.T, file string, who string, code int, arguments ...string) {
	t.Helper()
	got := try(t, who, arguments...)
	if got.code != code {
		t.Errorf("kubectl order %q: exit code %d, wanted %d", arguments, got.code, code)
	}
	line := make([]string, 0, len(arguments))
	for _, argument := range arguments {
		if strings.ContainsAny(argument, " '") {
			argument = "'" + argument + "'"
		}
		line = append(line, argument)
	}
	text := "$ kubectl order " + strings.Join(line, " ") + "\n" + constant(got.out+got.err)
	path := filepath.Join("testdata", file+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s is not what is said (see -update):\n%s", path, text)
	}
}

// TestTheStoryOfAShop has one order after the other, so that positions are the same in every run. It comes before
// all other tests, by the name of its file.
func TestTheStoryOfAShop(t *testing.T) {
	sample(t, shop, "order-001")
	rest(t, shop, "order-001")
	told(t, "status", ada, plugin.ExitOK, "status", "order-001")
	told(t, "status-wide", ada, plugin.ExitOK, "status", "order-001", "-o", "wide")
	told(t, "history", ada, plugin.ExitOK, "history", "order-001")
	told(t, "history-wide", ada, plugin.ExitOK, "history", "order-001", "-o", "wide")
	told(t, "history-at", ada, plugin.ExitOK, "history", "order-001", "--at", "6")

	sample(t, shop, "order-003-declined")
	rest(t, shop, "order-003-declined")
	told(t, "status-declined", ada, plugin.ExitOK, "status", "order-003-declined")

	sample(t, shop, "needs-attention")
	rest(t, shop, "needs-attention")
	told(t, "status-attention", ada, plugin.ExitOK, "status", "needs-attention")
	told(t, "resolve", ada, plugin.ExitOK, "resolve", "needs-attention", "--skip", "--reason", "refunded by hand", "--reference", "BT-77")
	ends(t, "needs-attention")
	told(t, "history-resolved", ada, plugin.ExitOK, "history", "needs-attention")
	told(t, "resolve-nothing", ada, plugin.ExitFailed, "resolve", "needs-attention", "--retry", "--reason", "again")

	sample(t, shop, "suspended")
	see(t, "suspended", "Suspended")
	told(t, "status-suspended", ada, plugin.ExitOK, "status", "suspended")
	told(t, "cancel", ada, plugin.ExitOK, "cancel", "suspended")
	ends(t, "suspended")
	told(t, "cancel-ended", ada, plugin.ExitOK, "cancel", "suspended")
	told(t, "suspend-ended", ada, plugin.ExitFailed, "suspend", "order-001")

	told(t, "list", ada, plugin.ExitOK, "list")
	told(t, "list-wide", rob, plugin.ExitOK, "list", "-A", "-o", "wide")
	told(t, "stock", ada, plugin.ExitOK, "stock")
	told(t, "stock-wide", ada, plugin.ExitOK, "stock", "laptop-001", "-o", "wide")
	told(t, "gateways", ada, plugin.ExitOK, "gateways")
	told(t, "carriers", ada, plugin.ExitOK, "carriers", "-o", "wide")
	told(t, "verify-order", ada, plugin.ExitOK, "verify", "order-001")
	told(t, "verify-full", rob, plugin.ExitOK, "verify", "-A", "--full")

	if err := shared.cluster.DeleteOrder(t.Context(), shop, "order-003-declined"); err != nil {
		t.Fatal(err)
	}
	told(t, "orphaned", ada, plugin.ExitOK, "list", "--orphaned")
	told(t, "history-orphaned", ada, plugin.ExitOK, "history", "order-003-declined")
	told(t, "status-gone", ada, plugin.ExitFailed, "status", "order-003-declined")
}

// ends waits until the Order has an outcome, and its status shows everything.
func ends(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := shared.cluster.WatchOrders(ctx, shop, func(order *commercev1.Order, _ bool) bool {
		return order.Name == name && order.Status.Outcome != ""
	})
	if err != nil {
		t.Fatalf("order %s does not end: %v", name, err)
	}
	rest(t, shop, name)
}

// see waits until the Order's status says the reason.
func see(t *testing.T, name, reason string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := shared.cluster.WatchOrders(ctx, shop, func(order *commercev1.Order, _ bool) bool {
		return order.Name == name && harness.Reason(order) == reason
	})
	if err != nil {
		t.Fatalf("order %s does not become %s: %v", name, reason, err)
	}
}
