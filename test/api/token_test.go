// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestCardNumbers holds that a card number in place of a token is refused, by a message that does not repeat it:
// messages end up in terminals, tickets and the logs of whoever applied the manifest.
func TestCardNumbers(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	for _, number := range []string{
		"4111111111111111",
		"4111 1111 1111 1111",
		"4111-1111-1111-1111",
		"4111.1111.1111.1111",
		" 4111111111111111 ",
		"378282246310005",
		"4222222222222",
		"6304000000000000000",
	} {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			order := parse(t, namespace, with(t, orderManifest, "sim_approve", `"`+number+`"`))
			for verb, err := range map[string]error{
				"create": api.Create(t.Context(), order.DeepCopy(), client.DryRunAll),
				"apply":  apply(t, order, client.DryRunAll),
			} {
				wantRefusal(t, err, "spec.payment.token: Forbidden", "never a card number", "let the provider make a token of the card")
				if err != nil && strings.Contains(err.Error(), strings.TrimSpace(number)) {
					t.Errorf("the answer to %s repeats the number: %v", verb, err)
				}
			}
		})
	}
}

// TestTokensStayUnsaid holds that no other refusal repeats a token either.
func TestTokensStayUnsaid(t *testing.T) {
	t.Parallel()
	const token = "tok_secret_123"
	namespace := newNamespace(t)
	manifest := with(t, orderManifest, "sim_approve", token)
	stored := create(t, namespace, manifest)
	tests := []struct{ name, old, replacement string }{
		{"a longer token than there can be", token, strings.Repeat(token, 20)},
		{"another token", token, token + "4"},
		{"another gateway", "gatewayName: main", "gatewayName: other"},
		{"a mode of capture that is not there", "captureMode: Immediate", "captureMode: Later"},
		{"a currency that is not there", "USD", "XXX"},
		{"a list for a token", token, "[" + token + "]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			changed := parse(t, namespace, with(t, manifest, test.old, test.replacement))
			changed.SetResourceVersion(stored.GetResourceVersion())
			err := api.Update(t.Context(), changed, client.DryRunAll)
			wantRefusal(t, err, "spec.")
			if err != nil && strings.Contains(err.Error(), token) {
				t.Errorf("the refusal repeats the token: %v", err)
			}
		})
	}
}
