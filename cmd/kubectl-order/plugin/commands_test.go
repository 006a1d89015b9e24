// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

func TestOrdersArePrintedForPrograms(t *testing.T) {
	lookedAt(t)
	var order commercev1.Order
	if err := json.Unmarshal([]byte(succeeds(t, ada, "status", looked, "-o", "json")), &order); err != nil {
		t.Fatal(err)
	}
	if order.Kind != "Order" || order.APIVersion != "commerce.eventcore.dev/v1" || order.Status.Outcome != commercev1.OutcomeCompleted {
		t.Errorf("as JSON it is %+v", order)
	}
	order = commercev1.Order{}
	if err := yaml.UnmarshalStrict([]byte(succeeds(t, ada, "status", looked, "-o", "yaml")), &order); err != nil || order.Name != looked {
		t.Errorf("as YAML it is %+v, %v", order.ObjectMeta, err)
	}
	if got, want := succeeds(t, ada, "status", looked, "-o", "name"), "order.commerce.eventcore.dev/looked-at\n"; got != want {
		t.Errorf("as a name it is %q", got)
	}
	var list struct {
		Kind  string
		Items []commercev1.Product
	}
	if err := json.Unmarshal([]byte(succeeds(t, ada, "stock", "-o", "json")), &list); err != nil || list.Kind != "List" || len(list.Items) != 3 ||
		list.Items[0].Kind != "Product" {
		t.Errorf("the stock is %+v, %v", list, err)
	}
	if got := succeeds(t, ada, "gateways", "-o", "name"); got != "paymentgateway.commerce.eventcore.dev/default\n" {
		t.Errorf("the gateways are %q", got)
	}
	if got := succeeds(t, ada, "list", "-o", "name"); !strings.Contains(got, "order.commerce.eventcore.dev/looked-at\n") {
		t.Errorf("the orders are %q", got)
	}
	if got := succeeds(t, ada, "list", "-l", "shelf=top", "-o", "name"); got != "" {
		t.Errorf("the orders with a label are %q", got)
	}
}

func TestHistoriesArePrintedForPrograms(t *testing.T) {
	lookedAt(t)
	var timeline historyv1.Timeline
	if err := json.Unmarshal([]byte(succeeds(t, ada, "history", looked, "-o", "json")), &timeline); err != nil || len(timeline.Events) != 7 {
		t.Errorf("as JSON there are %d events, %v", len(timeline.Events), err)
	}
	fromThird := timeline.Events[2].Position
	timeline = historyv1.Timeline{}
	arguments := []string{"history", looked, "-o", "yaml", "--from"}
	if err := yaml.Unmarshal([]byte(succeeds(t, ada, append(arguments, itoa(fromThird))...)), &timeline); err != nil || len(timeline.Events) != 5 {
		t.Errorf("from the third event on there are %d, %v", len(timeline.Events), err)
	}
	var state historyv1.State
	arguments = []string{"history", looked, "-o", "json", "--at", itoa(fromThird)}
	if err := json.Unmarshal([]byte(succeeds(t, ada, arguments...)), &state); err != nil || state.Events != 3 || state.Status.Charged != "0.00" {
		t.Errorf("after three events it was %+v, %v", state, err)
	}
	var report historyv1.Report
	if err := json.Unmarshal([]byte(succeeds(t, ada, "verify", looked, "-o", "json")), &report); err != nil || report.Events != 7 {
		t.Errorf("the report is %+v, %v", report, err)
	}
	documents := strings.Split(succeeds(t, ada, "history", looked, "-w", "-o", "yaml"), "---\n")
	if len(documents) != 8 || !strings.Contains(documents[7], "type: OrderCompleted") {
		t.Errorf("followed, it is %d documents: %q", len(documents)-1, documents)
	}
}

func itoa(number uint64) string {
	text, _ := json.Marshal(number)
	return string(text)
}

func TestACommandLineThatMakesNoSenseSaysWhy(t *testing.T) {
	for _, test := range []struct{ line, says string }{
		{"histroy x", `did you mean "history"?`},
		{"status", "name an order"},
		{"history", "name exactly one order"},
		{"history a b", "name exactly one order"},
		{"history a --at 3 -w", "--at can't be combined"},
		{"history a --at x", "invalid argument"},
		{"history a -o name", "use one of wide, json, yaml"},
		{"list x", "one argument too many"},
		{"list --orphaned -l a=b", "orphaned"},
		{"resolve a --retry", "--reason is required"},
		{"resolve a --reason x", "exactly one of --retry, --skip and --force"},
		{"resolve a --retry --skip --reason x", "exactly one of --retry, --skip and --force"},
		{"resolve a --force --reason x", "--force needs --reference"},
		{"cancel a --dry-run=maybe", "use none or server"},
		{"verify a b", "one order at most"},
		{"verify a -A", "can't be combined"},
		{"stock a -A", "can't be combined"},
		{"status a --colour", "unknown flag: --colour"},
	} {
		t.Run(test.line, func(t *testing.T) { refuses(t, plugin.ExitUsage, ada, strings.Fields(test.line), test.says) })
	}
}

func TestHelpTeaches(t *testing.T) {
	for _, command := range []string{"", "status", "history", "list", "cancel", "suspend", "resume", "resolve", "verify", "stock", "gateways", "carriers"} {
		help := succeeds(t, ada, append(strings.Fields(command), "--help")...)
		for _, part := range []string{"Usage:\n  kubectl order " + command, "Examples:\n  "} {
			if !strings.Contains(help, part) {
				t.Errorf("the help of %q lacks %q:\n%s", command, part, help)
			}
		}
	}
	if got := succeeds(t, ada); !strings.Contains(got, "Available Commands:") {
		t.Errorf("without a command it says\n%s", got)
	}
	if got := succeeds(t, ada, "--version"); got != "kubectl order version test\n" {
		t.Errorf("the version is %q", got)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	waiting(t, "dry")
	if got := succeeds(t, ada, "resume", "dry", "--dry-run=server"); got != "order.commerce.eventcore.dev/dry resumed (server dry run)\n" {
		t.Errorf("it says %q", got)
	}
	var order commercev1.Order
	if err := json.Unmarshal([]byte(succeeds(t, ada, "status", "dry", "-o", "json")), &order); err != nil || order.Spec.Suspend == nil || !*order.Spec.Suspend {
		t.Errorf("it is %+v, %v", order.Spec.Suspend, err)
	}
	if got := succeeds(t, ada, "suspend", "dry"); got != "order.commerce.eventcore.dev/dry suspended before\n" {
		t.Errorf("suspended again it says %q", got)
	}
	succeeds(t, ada, "cancel", "dry")
	ends(t, "dry")
}

// TestOnlyWhoMayDecidesAndUnderTheirOwnName: the shipped admission policy sees to it.
func TestOnlyWhoMayDecidesAndUnderTheirOwnName(t *testing.T) {
	place(t, shop, "needs-attention", "asks", "", "")
	rest(t, shop, "asks")
	if err := shared.cluster.Client.Create(t.Context(), binding(sam, shop, "ClusterRole", "order-editor")); err != nil {
		t.Fatal(err)
	}
	decide := []string{"resolve", "asks", "--skip", "--reason", "because"}
	refuses(t, plugin.ExitFailed, sam, decide, "orders/resolve", "order-resolver")
	succeeds(t, ada, append(decide, "--dry-run=server")...)
	succeeds(t, ada, decide...)
	ends(t, "asks")
	if got := succeeds(t, ada, "history", "asks", "-o", "wide"); !strings.Contains(got, "system:serviceaccount:shop:ada") {
		t.Errorf("the history does not tell who has decided:\n%s", got)
	}
}

func TestNamesAreCompleted(t *testing.T) {
	lookedAt(t)
	for _, test := range []struct {
		line      []string
		has, lack string
	}{
		{[]string{"status", ""}, "looked-at\n", "default\n"},
		{[]string{"status", looked, ""}, "order-001\n", "looked-at\n"},
		{[]string{"history", looked, ""}, "", "order-001\n"},
		{[]string{"stock", ""}, "mouse-001\n", "looked-at\n"},
		{[]string{"gateways", ""}, "default\n", "mouse"},
		{[]string{"list", "-o", ""}, "wide\n", "order"},
		{[]string{"list", "--context", ""}, "order-operator\n", "wide"},
		{[]string{"his"}, "history\t", "status"},
	} {
		out := succeeds(t, ada, append([]string{"__complete"}, test.line...)...)
		if !strings.Contains(out, test.has) || strings.Contains(out, test.lack) {
			t.Errorf("%q is completed with\n%s", test.line, out)
		}
	}
	if out := succeeds(t, root, "__complete", "list", "-n", ""); !strings.Contains(out, "shop\n") {
		t.Errorf("namespaces are completed with\n%s", out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := succeeds(t, ada, "completion", shell); !strings.Contains(out, "kubectl-order") {
			t.Errorf("the completion of %s does not know the program", shell)
		}
	}
}
