// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestProviders holds which gateways and carriers are accepted.
func TestProviders(t *testing.T) {
	t.Parallel()
	const url = "https://provider.example.com/orders"
	for _, test := range []manifestTest{
		{name: "a webhook gateway", manifest: webhookGateway},
		{name: "a gateway of Stripe", manifest: stripeGateway},
		{name: "a webhook carrier", manifest: webhookCarrier},
		{
			name: "a webhook over plain HTTP", manifest: webhookGateway, old: url, replacement: "http://provider.shop.svc:8080\n      plainHTTP: Allowed",
		},
		{
			name: "a fake of Stripe on this machine", manifest: stripeGateway,
			old: "credentialsSecretName: stripe", replacement: "credentialsSecretName: stripe\n      url: http://127.0.0.1:12111",
		},
		{
			name: "a gateway for two namespaces", manifest: gatewayManifest,
			old: "  provider:\n", replacement: "  allowedNamespaces: [shop, outlet]\n  provider:\n",
		},
		{
			name: "two providers", manifest: webhookGateway, old: webhookLines, replacement: webhookLines + "    simulated: {}\n",
			says: []string{"spec.provider", "exactly one of the fields"},
		},
		{
			name: "Stripe as a carrier", manifest: webhookCarrier, old: webhookLines, replacement: "    stripe: {credentialsSecretName: stripe}\n",
			says: []string{"stripe"},
		},
		{
			name: "a webhook without an address", manifest: webhookGateway, old: "      url: " + url + "\n",
			says: []string{"spec.provider.webhook.url", "Required"},
		},
		{
			name: "a webhook without credentials", manifest: webhookGateway, old: "      credentialsSecretName: provider\n",
			says: []string{"spec.provider.webhook.credentialsSecretName", "Required"},
		},
		{
			name: "an address with a password", manifest: webhookGateway, old: url, replacement: "https://user:pass@example.com",
			says: []string{"spec.provider.webhook.url", "should match"},
		},
		{
			name: "an address of another scheme", manifest: webhookGateway, old: url, replacement: "ftp://provider.example.com",
			says: []string{"spec.provider.webhook.url", "should match"},
		},
		{
			name: "a fake of Stripe elsewhere over plain HTTP", manifest: stripeGateway,
			old: "credentialsSecretName: stripe", replacement: "credentialsSecretName: stripe\n      url: http://stripe.example.com",
			says: []string{"spec.provider.stripe.url", "should match"},
		},
		{
			name: "the key of an account in place of its Secret", manifest: stripeGateway,
			old: "credentialsSecretName: stripe", replacement: "credentialsSecretName: sk_live_1",
			says: []string{"spec.provider.stripe.credentialsSecretName", "should match"},
		},
		{
			name: "a gateway for no namespace", manifest: gatewayManifest,
			old: "  provider:\n", replacement: "  allowedNamespaces: []\n  provider:\n",
			says: []string{"spec.allowedNamespaces", "should have at least 1 items"},
		},
		{
			name: "a namespace twice", manifest: gatewayManifest,
			old: "  provider:\n", replacement: "  allowedNamespaces: [shop, shop]\n  provider:\n",
			says: []string{"spec.allowedNamespaces[1]", "Duplicate value"},
		},
		{
			name: "a namespace that can't be", manifest: gatewayManifest,
			old: "  provider:\n", replacement: "  allowedNamespaces: [" + strings.Repeat("n", 64) + "]\n  provider:\n",
			says: []string{"spec.allowedNamespaces[0]", "may not be more than 63"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := api.Create(t.Context(), parse(t, "", with(t, test.manifest, test.old, test.replacement)), client.DryRunAll)
			if len(test.says) > 0 {
				wantRefusal(t, err, test.says...)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}
