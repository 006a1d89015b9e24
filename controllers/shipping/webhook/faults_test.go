// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/ledger/ledgertest"
	"github.com/eventcore/order-operator/controllers/shipping/engine"
	shippingwebhook "github.com/eventcore/order-operator/controllers/shipping/webhook"
	"github.com/eventcore/order-operator/test/provider"
	"github.com/eventcore/order-operator/test/provider/providertest"
)

func isUnknown(err error) bool {
	return err != nil && ledgertest.Code(err) == "" && !errors.Is(err, calls.ErrUnavailable) && !errors.Is(err, calls.ErrMisconfigured)
}

func TestWhateverHappensToAReplyTheShipmentIsMadeOnceAndFound(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	carrier := providertest.Client(t, process, shippingwebhook.New)
	for fault, unknown := range map[provider.Fault]bool{
		provider.Twice: false, provider.Delay: false, provider.AnswerTwice: false,
		provider.LoseReply: true, provider.Garbage: true, provider.Malformed: true, provider.Truncated: true,
		provider.Oversized: true, provider.Redirect: true, provider.WrongKey: true, provider.Page: true, provider.Failure: true,
	} {
		t.Run(string(fault), func(t *testing.T) {
			providertest.Plan(t, process, provider.Rule{Fault: fault, Times: 1, Delay: provider.Duration(time.Millisecond)})
			asked := shipmentRequest(string(fault), "Ada Example")
			if _, err := carrier.Create(t.Context(), asked); isUnknown(err) != unknown || !unknown && err != nil {
				t.Fatalf("concluded %v", err)
			}
			found, err := carrier.FindShipment(t.Context(), asked.Key)
			if err != nil || found == nil || found.TrackingNumber == "" {
				t.Fatalf("found %+v, %v", found, err)
			}
			providertest.Plan(t, process, provider.Rule{Fault: fault, Times: 1, Delay: provider.Duration(time.Millisecond)})
			again := engine.CancelRequest{Key: "cancel " + asked.Key, Shipment: found.Reference, Correlation: correlation}
			if _, err := carrier.CancelShipment(t.Context(), again); isUnknown(err) != unknown || !unknown && err != nil {
				t.Fatalf("concluded %v", err)
			}
			cancelled, err := carrier.FindCancellation(t.Context(), again.Key)
			if err != nil || cancelled == nil || cancelled.Reference != found.Reference {
				t.Errorf("found %+v, %v", cancelled, err)
			}
		})
	}
}

func TestAShipmentThatHasLeftIsNotCancelled(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	carrier := providertest.Client(t, process, shippingwebhook.New)
	shipment, err := carrier.Create(t.Context(), shipmentRequest("key", "SIM DISPATCHED"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cancel(t.Context(), carrier, "cancel", shipment.Reference); ledgertest.Code(err) != engine.CodeDispatched {
		t.Errorf("the cancellation returned %v", err)
	}
}

func TestAShipmentThatIsAskedForLateIsRefusedAfterItsFence(t *testing.T) {
	process := providertest.Start(t, provider.Options{})
	carrier := providertest.Client(t, process, shippingwebhook.New)
	providertest.Plan(t, process, provider.Rule{Fault: provider.Late, Times: 1})
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		providertest.Await(t, process, provider.Late, 1)
	}()
	asked := shipmentRequest("late", "Ada Example")
	if _, err := carrier.Create(ctx, asked); !errors.Is(err, context.Canceled) || !isUnknown(err) {
		t.Fatalf("the caller who gave up got %v", err)
	}
	if err := carrier.Cancel(t.Context(), "late"); err != nil {
		t.Fatal(err)
	}
	book := ledgertest.Open(t, process.Ledger())
	for late := 0; late == 0; {
		providertest.Release(t, process)
		entry, err := book.Find(t.Context(), "late")
		if err != nil || entry == nil {
			t.Fatalf("the ledger has %+v, %v", entry, err)
		}
		late = entry.Requests
	}
	if _, err := carrier.Create(t.Context(), asked); ledgertest.Code(err) != calls.CodeFenced {
		t.Errorf("after the fence: %v", err)
	}
	if found, err := carrier.FindShipment(t.Context(), "late"); found != nil || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}
