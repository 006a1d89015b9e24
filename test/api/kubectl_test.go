// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kubectl runs the kubectl that belongs to the API server, as its administrator, and returns what it prints.
func kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := tryKubectl(t, arguments...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return out
}

func tryKubectl(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	home := t.TempDir() // of its own for every call, so that no cache of discovery is stale
	kubeconfig := filepath.Join(home, "kubeconfig")
	if err := os.WriteFile(kubeconfig, environment.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), filepath.Join(environment.BinaryAssetsDirectory, "kubectl"), arguments...)
	command.Env = []string{"HOME=" + home, "KUBECONFIG=" + kubeconfig}
	out, err := command.CombinedOutput()
	return string(out), err
}

// waitForDocumentation waits for what the API server publishes a moment after it serves a kind.
func waitForDocumentation(t *testing.T, resources ...string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for _, resource := range resources {
		for {
			out, err := tryKubectl(t, "explain", resource)
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("kubectl explain %s: %v\n%s", resource, err, out)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// TestExplain holds what kubectl explain tells whoever writes a manifest.
func TestExplain(t *testing.T) {
	t.Parallel()
	waitForDocumentation(t, "orders", "products", "paymentgateways", "carriers")
	tests := []struct {
		name      string
		arguments []string
		says      []string // in this order
	}{
		{
			name:      "the tree of an order's spec, with what is required",
			arguments: []string{"order.spec", "--recursive"},
			says: []string{
				"KIND: Order", "spec says what is ordered, by whom",
				"activeDeadlineSeconds <integer>", "attempt <integer>", "cancellation <string>", "enum: Requested",
				"currency <string> -required-",
				"customer <Object> -required-", "email <string>", "id <string> -required-",
				"items <[]Object> -required-", "productName <string> -required-", "quantity <integer> -required-",
				"unitPrice <string> -required-",
				"payment <Object> -required-", "captureMode <string>", "enum: Immediate, OnShipment", "gatewayName <string>",
				"token <string> -required-",
				"resolution <Object>", "action <string> -required-", "enum: Retry, Skip, Force", "actor <string> -required-",
				"attentionPosition <integer> -required-", "reason <string> -required-", "reference <string>",
				"shipping <Object> -required-", "address <Object> -required-", "city <string> -required-",
				"country <string> -required-", "lines <[]string> -required-", "name <string> -required-",
				"postalCode <string>", "carrierName <string>",
				"suspend <boolean>", "ttlSecondsAfterFinished <integer>",
			},
		},
		{
			name:      "how to cancel an order",
			arguments: []string{"order.spec.cancellation"},
			says:      []string{"FIELD: cancellation <string>", "ENUM:", "Requested", "undone and cancelled", "can't be withdrawn"},
		},
		{
			name:      "what a person has to decide",
			arguments: []string{"order.status.attention"},
			says:      []string{"FIELD: attention <Object>", "answer it by spec.resolution", "position <integer> -required-"},
		},
		{
			name:      "a price",
			arguments: []string{"order.spec.items.unitPrice"},
			says:      []string{"FIELD: unitPrice <string>", "a decimal string such as", "1200.00"},
		},
		{
			name:      "an outcome, by the short name",
			arguments: []string{"ord.status.outcome"},
			says:      []string{"FIELD: outcome <string>", "ENUM:", "Completed", "Cancelled", "Rejected", "DESCRIPTION:", "kubectl wait"},
		},
		{
			name:      "a product's supply",
			arguments: []string{"prod.spec.supply", "--recursive"},
			says:      []string{"FIELD: supply <[]Object>", "Totals only rise", "received <integer> -required-", "removed <integer>", "source <string> -required-"},
		},
		{
			name:      "a gateway's provider",
			arguments: []string{"pgw.spec.provider"},
			says:      []string{"FIELD: provider <Object>", "Exactly one type", "a refund must reach the account that charged", "simulated <Object>", "stripe <Object>", "webhook <Object>"},
		},
		{
			name:      "a carrier's provider",
			arguments: []string{"car.spec.provider"},
			says:      []string{"FIELD: provider <Object>", "who ships the goods", "Exactly one type", "simulated <Object>", "webhook <Object>"},
		},
		{
			name:      "where a webhook's credentials are",
			arguments: []string{"pgw.spec.provider.webhook", "--recursive"},
			says:      []string{"credentialsSecretName <string> -required-", "plainHTTP <string>", "enum: Allowed", "url <string> -required-"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out := kubectl(t, append([]string{"explain"}, test.arguments...)...)
			for line := range strings.Lines(out) {
				if length := len(strings.TrimRight(line, "\n")); length > 80 {
					t.Errorf("a line of %d characters: %s", length, line)
				}
			}
			rest := strings.Join(strings.Fields(out), " ")
			for _, part := range test.says {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Fatalf("does not say %q at its place:\n%s", part, out)
				}
				rest = after
			}
		})
	}
}

// TestColumns holds what kubectl get shows of objects that the operator has and has not seen.
func TestColumns(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	kubectl(t, "apply", "--namespace", namespace, "--kustomize", filepath.Join("..", "..", "config", "samples"))

	order := parse(t, namespace, orderManifest)
	order.SetName("order-001")
	product := parse(t, namespace, productManifest)
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(order), order); err != nil {
		t.Fatal(err)
	}
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(product), product); err != nil {
		t.Fatal(err)
	}
	if err := setStatus(t, order, completedStatus()); err != nil {
		t.Fatal(err)
	}
	if err := setStatus(t, product, object{
		"available": int64(9), "reserved": int64(0), "shipped": int64(1),
		"conditions": []any{trueCondition("Ready", "Projected")},
	}); err != nil {
		t.Fatal(err)
	}

	tests := []struct {
		name  string
		flags []string
		lines []string // regular expressions of whole lines
	}{
		{
			name: "by default",
			lines: []string{
				`NAME +STATUS +TOTAL +CHARGED +AGE`,
				`order\.commerce\.eventcore\.dev/order-001 +Completed +1500\.00 +1500\.00 +\d+s`,
				`order\.commerce\.eventcore\.dev/order-002 +Pending +\d+s`,
				`NAME +AVAILABLE +RESERVED +SHIPPED +AGE`,
				`product\.commerce\.eventcore\.dev/laptop-001 +9 +0 +1 +\d+s`,
				`product\.commerce\.eventcore\.dev/mouse-001 +\d+s`,
				`NAME +PROVIDER +READY +REASON +CIRCUIT +AGE`,
				`paymentgateway\.commerce\.eventcore\.dev/default +Unknown +Pending +\d+s`,
				`carrier\.commerce\.eventcore\.dev/default +Unknown +Pending +\d+s`,
			},
		},
		{
			name:  "wide",
			flags: []string{"--output", "wide"},
			lines: []string{
				`NAME +STATUS +TOTAL +CHARGED +AGE +REFUNDED +CUSTOMER +TRACKING +MESSAGE`,
				`order\.commerce\.eventcore\.dev/order-001 +Completed +1500\.00 +1500\.00 +\d+s +0\.00 +cust-123 +SIM0001 +Paid and released to the carrier`,
				`order\.commerce\.eventcore\.dev/order-002 +Pending +\d+s +cust-456 +Waiting for the order controller`,
				`NAME +AVAILABLE +RESERVED +SHIPPED +AGE +STATUS`,
				`product\.commerce\.eventcore\.dev/laptop-001 +9 +0 +1 +\d+s +Projected`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out := kubectl(t, append([]string{"get", "ord,prod,pgw,car", "--namespace", namespace}, test.flags...)...)
			for _, line := range test.lines {
				if !regexp.MustCompile(`(?m)^` + line + ` *$`).MatchString(out) {
					t.Errorf("no line matches %s:\n%s", line, out)
				}
			}
		})
	}
	t.Run("by the category", func(t *testing.T) {
		t.Parallel()
		out := kubectl(t, "get", "commerce", "--namespace", namespace, "--output", "name")
		for _, name := range []string{"order.commerce.eventcore.dev/order-001", "product.commerce.eventcore.dev/mouse-001", "paymentgateway.commerce.eventcore.dev/default", "carrier.commerce.eventcore.dev/default"} {
			if !strings.Contains(out, name+"\n") {
				t.Errorf("%s is missing:\n%s", name, out)
			}
		}
	})
}

// TestApplyTwice holds that a second apply of the same manifests, by either kind of apply, changes nothing.
func TestApplyTwice(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	for _, flags := range [][]string{nil, {"--server-side", "--force-conflicts"}} {
		for _, file := range []string{"products.yaml", "order-001.yaml"} {
			arguments := append([]string{"apply", "--namespace", namespace, "--filename", filepath.Join("..", "..", "config", "samples", file)}, flags...)
			kubectl(t, arguments...)
			kubectl(t, arguments...)
		}
	}
	out := kubectl(t, "get", "ord,prod", "--namespace", namespace, "--output", `jsonpath={range .items[*]}{.metadata.generation}{" "}{end}`)
	if want := "1 1 1 1 "; out != want {
		t.Errorf("got generations %q, want %q", out, want)
	}
}
