// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulated_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
	"github.com/eventcore/order-operator/controllers/shipping/simulated"
)

func TestTheProviderKeepsItsContract(t *testing.T) {
	ledgertest.Contract(t, func(book *ledger.Ledger, options ledger.Options) []ledgertest.Operation {
		provider := simulated.New(book, options)
		return []ledgertest.Operation{shipmentOperation(provider), cancellationOperation(provider)}
	})
}

func shipmentOperation(provider *simulated.Provider) ledgertest.Operation {
	to := func(name string) ledgertest.Call {
		return func(ctx context.Context, key string) (string, error) {
			shipment, err := provider.Create(ctx, shipmentRequest(key, name))
			return shipment.Reference, err
		}
	}
	return ledgertest.Operation{
		Name: "shipment", Do: to("Ada Lovelace"), Refuse: to("SIM REFUSE"),
		Unanswered: map[string]ledgertest.Call{"lost": to("SIM LOST"), "slow": to("SIM SLOW")},
		Find: func(ctx context.Context, key string) (string, error) {
			shipment, err := provider.FindShipment(ctx, key)
			if shipment == nil {
				return "", err
			}
			return shipment.Reference, err
		},
		Cancel: provider.Cancel,
	}
}

func cancellationOperation(provider *simulated.Provider) ledgertest.Operation {
	return ledgertest.Operation{
		Name: "cancellation",
		Do: func(ctx context.Context, key string) (string, error) {
			shipment, err := provider.Create(ctx, shipmentRequest("shipment of "+key, "Ada Lovelace"))
			if err != nil {
				return "", err
			}
			cancellation, err := provider.CancelShipment(ctx, cancelRequest(key, shipment.Reference))
			return cancellation.Reference, err
		},
		Refuse: func(ctx context.Context, key string) (string, error) {
			cancellation, err := provider.CancelShipment(ctx, cancelRequest(key, "sh_unknown"))
			return cancellation.Reference, err
		},
		Find: func(ctx context.Context, key string) (string, error) {
			cancellation, err := provider.FindCancellation(ctx, key)
			if cancellation == nil {
				return "", err
			}
			return cancellation.Reference, err
		},
		Cancel: provider.Cancel,
	}
}

func shipmentRequest(key, name string) engine.ShipmentRequest {
	return engine.ShipmentRequest{
		Key: key, Correlation: "store/shop/order/1", Lines: []saga.StockLine{{Product: "espresso-machine", Quantity: 1}},
		Address: saga.Address{Name: name, Lines: []string{"12 St James's Square"}, City: "London", Country: "GB"},
	}
}

func cancelRequest(key, shipment string) engine.CancelRequest {
	return engine.CancelRequest{Key: key, Shipment: shipment, Correlation: "store/shop/order/1"}
}

func TestAShipmentHasATrackingNumberThatFollowsFromItsKey(t *testing.T) {
	provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
	shipment, err := provider.Create(t.Context(), shipmentRequest("key", "Ada Lovelace"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^SIM[0-9]{12}$`).MatchString(shipment.TrackingNumber) {
		t.Errorf("the tracking number is %s", shipment.TrackingNumber)
	}
	if found, err := provider.FindShipment(t.Context(), "key"); err != nil || *found != shipment {
		t.Errorf("found %+v instead of %+v, %v", found, shipment, err)
	}
	if same, err := simulated.New(ledgertest.Open(t, ""), simulated.Options{}).Create(t.Context(), shipmentRequest("key", "Ada Lovelace")); err != nil || same != shipment {
		t.Errorf("on a new ledger it is %+v instead of %+v, %v", same, shipment, err)
	}
	other, err := provider.Create(t.Context(), shipmentRequest("other", "Ada Lovelace"))
	if err != nil || other.TrackingNumber == shipment.TrackingNumber {
		t.Errorf("another shipment is %+v, %v", other, err)
	}
}

func TestTheNameDecidesAboutAShipment(t *testing.T) {
	for _, row := range []struct {
		name, code string
		delay      time.Duration
	}{
		{name: "Ada Lovelace"},
		{name: "sim refuse"},
		{name: "SIM REFUSE", code: simulated.CodeAddressRefused},
		{name: "SIM SLOW", delay: time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			var slept time.Duration
			sleep := func(_ context.Context, d time.Duration) error {
				slept += d
				return nil
			}
			provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{Sleep: sleep})
			_, err := provider.Create(t.Context(), shipmentRequest("key", row.name))
			if ledgertest.Code(err) != row.code || (err == nil) != (row.code == "") || slept != row.delay {
				t.Errorf("the answer came after %v: %v", slept, err)
			}
		})
	}
}

func TestAShipmentIsCancelledOnce(t *testing.T) {
	book := ledgertest.Open(t, "")
	provider := simulated.New(book, simulated.Options{})
	shipment, err := provider.Create(t.Context(), shipmentRequest("key", "Ada Lovelace"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.CancelShipment(t.Context(), cancelRequest("unknown", "sh_unknown")); ledgertest.Code(err) != simulated.CodeShipmentNotFound {
		t.Errorf("an unknown shipment: %v", err)
	}
	cancellation, err := provider.CancelShipment(t.Context(), cancelRequest("cancel", shipment.Reference))
	if err != nil || cancellation.Reference != shipment.Reference {
		t.Errorf("the cancellation is %+v, %v", cancellation, err)
	}
	if _, err := provider.CancelShipment(t.Context(), cancelRequest("once more", shipment.Reference)); ledgertest.Code(err) != simulated.CodeAlreadyCancelled {
		t.Errorf("a cancelled shipment: %v", err)
	}
	balances, err := ledger.Balances(t.Context(), book)
	if got, want := balances["store/shop/order/1"], (ledger.Balance{Shipments: 1, Cancelled: 1}); err != nil || got != want {
		t.Errorf("the balance is %+v, %v", got, err)
	}
}

func TestTheNameDecidesAboutTheCancellationToo(t *testing.T) {
	for name, code := range map[string]string{
		"SIM DISPATCHED": engine.CodeDispatched, "SIM CANCEL REFUSED": simulated.CodeCancelRefused, "SIM CANCEL LOST": "",
	} {
		provider := simulated.New(ledgertest.Open(t, ""), simulated.Options{})
		shipment, err := provider.Create(t.Context(), shipmentRequest("key", name))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a refusal is given again, and a lost answer is not lost twice
			_, err = provider.CancelShipment(t.Context(), cancelRequest("cancel", shipment.Reference))
			if ledgertest.Code(err) != code {
				t.Errorf("%s: %v", name, err)
			}
		}
		found, err := provider.FindCancellation(t.Context(), "cancel")
		if ledgertest.Code(err) != code || (found != nil) != (code == "") {
			t.Errorf("%s: found %+v, %v", name, found, err)
		}
	}
}
