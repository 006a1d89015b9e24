// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"testing"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
	shippingwebhook "github.com/eventcore/order-operator/controllers/shipping/webhook"
	"github.com/eventcore/order-operator/controllers/webhook"
	"github.com/eventcore/order-operator/test/openapi/openapitest"
)

var contract = openapitest.Contract{
	File: "../../../docs/api/shipping-webhook.yaml", Path: shippingwebhook.Path, Key: "6f1c/shop/order-001/1/CreateShipment/1",
	Schemas: map[string]any{
		"Request": shippingwebhook.Request{}, "Reply": shippingwebhook.Reply{},
		"Address": saga.Address{}, "Line": saga.StockLine{},
	},
}

func TestTheOpenAPIFileHasTheFieldsAndOperationsOfTheCode(t *testing.T) { contract.CheckShape(t) }

func TestTheExamplesMeanWhatTheOpenAPIFileSays(t *testing.T) { contract.CheckExamples(t) }

func TestWhatIsSaidOverHTTPIsInTheOpenAPIFile(t *testing.T) {
	contract.CheckExchanges(t, func(options webhook.Options) {
		carrier, err := shippingwebhook.New(options)
		if err != nil {
			t.Fatal(err)
		}
		defer carrier.Close()
		for _, name := range []string{"Ada Example", "SIM REFUSE", "SIM DISPATCHED"} {
			exchange(t, carrier, shipmentRequest(name, name))
		}
		unavailable := shipmentRequest("unavailable", "Ada Example")
		unavailable.Correlation = openapitest.Unavailable
		exchange(t, carrier, unavailable)
		fenced := shipmentRequest("fenced", "Ada Example")
		_ = carrier.Cancel(t.Context(), fenced.Key)
		exchange(t, carrier, fenced)
	})
}

// exchange has a shipment created and cancelled, and asks about everything.
func exchange(t *testing.T, carrier engine.Provider, asked engine.ShipmentRequest) {
	t.Helper()
	_, _ = carrier.FindShipment(t.Context(), asked.Key)
	shipment, _ := carrier.Create(t.Context(), asked)
	_, _ = carrier.FindShipment(t.Context(), asked.Key)
	again := engine.CancelRequest{Key: "cancel " + asked.Key, Shipment: shipment.Reference, Correlation: asked.Correlation}
	_, _ = carrier.CancelShipment(t.Context(), again)
	_, _ = carrier.FindCancellation(t.Context(), again.Key)
	_ = carrier.Cancel(t.Context(), asked.Key)
	_ = carrier.Cancel(t.Context(), again.Key)
}
