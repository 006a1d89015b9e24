// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"encoding/json"
	"strings"
	"testing"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

// TestTokensAndCredentialsAreShownNowhere has a provider that repeats what it must not, and looks for it in everything that
// the operator has written.
func TestTokensAndCredentialsAreShownNowhere(t *testing.T) {
	const token = "tok_that_nobody_may_read"
	w := newStall(t)
	process := providertest.Start(t, provider.Options{})
	providertest.Plan(t, process, provider.Rule{Fault: provider.Indiscreet})
	w.createSecret("provider", map[string]string{"secret": signing})
	w.gateway(webhookGateway(process.URL()))
	w.reconcileGateway()
	w.create(w.newOrder("order", func(o *commercev1.Order) { o.Spec.Payment.Token = token }))
	w.run("order", func(o *commercev1.Order) bool { return ended(o) || o.Status.Attention.Position > 0 })

	providertest.Await(t, process, provider.Indiscreet, 1)
	var written strings.Builder
	for event, err := range w.store.Read(t.Context(), eventcore.Query{}) {
		w.must(err)
		written.Write(event.Data)
	}
	for _, object := range []any{w.get("order").Status, w.getGateway()} {
		content, err := json.Marshal(object)
		w.must(err)
		written.Write(content)
	}
	written.WriteString(strings.Join(w.warnings(), "\n"))
	if !strings.Contains(written.String(), "order") {
		t.Fatal("nothing was looked at")
	}
	for _, secret := range []string{token, signing} {
		if strings.Contains(written.String(), secret) {
			t.Errorf("%q stands in what the operator wrote", secret)
		}
	}
}
