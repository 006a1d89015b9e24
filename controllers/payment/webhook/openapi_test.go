// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"testing"

	"github.com/eventcore/order-operator/controllers/payment/engine"
	paymentwebhook "github.com/eventcore/order-operator/controllers/payment/webhook"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/test/openapi/openapitest"
)

var contract = openapitest.Contract{
	File: "../../../docs/api/payment-webhook.yaml", Path: paymentwebhook.Path, Key: "6f1c/shop/order-001/1/ProcessPayment/1",
	Schemas: map[string]any{
		"Request": paymentwebhook.Request{}, "Reply": paymentwebhook.Reply{}, "Money": paymentwebhook.Request{}.Amount,
	},
}

func TestTheOpenAPIFileHasTheFieldsAndOperationsOfTheCode(t *testing.T) { contract.CheckShape(t) }

func TestTheExamplesMeanWhatTheOpenAPIFileSays(t *testing.T) { contract.CheckExamples(t) }

func TestWhatIsSaidOverHTTPIsInTheOpenAPIFile(t *testing.T) {
	contract.CheckExchanges(t, func(options webhook.Options) {
		payments, err := paymentwebhook.New(options)
		if err != nil {
			t.Fatal(err)
		}
		defer payments.Close()
		for _, action := range actions {
			for _, token := range []string{"sim_approve", "sim_decline"} {
				asked := request(action, string(action)+token)
				asked.Token = token
				exchange(t, payments, asked)
			}
		}
		unavailable := charge("unavailable")
		unavailable.Correlation = openapitest.Unavailable
		exchange(t, payments, unavailable)
		fenced := charge("fenced")
		_ = payments.Cancel(t.Context(), fenced)
		exchange(t, payments, fenced)
	})
}

func exchange(t *testing.T, payments engine.Provider, asked engine.Request) {
	t.Helper()
	_, _ = payments.Find(t.Context(), asked)
	_, _ = payments.Do(t.Context(), asked)
	_, _ = payments.Find(t.Context(), asked)
	_ = payments.Cancel(t.Context(), asked)
}
