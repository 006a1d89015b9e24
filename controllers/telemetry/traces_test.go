// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/telemetry"
	"github.com/eventcore/order-operator/eventcore"
)

// traced has an order carried out, and returns the spans.
func traced(t *testing.T, change func(*shop), options ...sdktrace.TracerProviderOption) (*shop, tracetest.SpanStubs) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	s := newShop(t, telemetry.NewTraces(append(options, sdktrace.WithSyncer(exporter))...))
	if change != nil {
		change(s)
	}
	s.orders()
	s.stop()
	return s, exporter.GetSpans()
}

func find(t *testing.T, spans tracetest.SpanStubs, name string) tracetest.SpanStub {
	t.Helper()
	at := slices.IndexFunc(spans, func(span tracetest.SpanStub) bool { return span.Name == name })
	if at < 0 {
		t.Fatalf("no span %s", name)
	}
	return spans[at]
}

func TestAnOrderIsOneTraceFromItsCreationToItsEnd(t *testing.T) {
	s, spans := traced(t, nil)
	whole := find(t, spans, "Order")
	for _, name := range []string{
		"CreateOrder", "ReserveStock", "RequestProcessPayment", "ProcessPayment do", "RecordProcessPayment",
		"RequestCreateShipment", "CreateShipment do", "RecordCreateShipment", "Advance",
	} {
		span := find(t, spans, name)
		if span.SpanContext.TraceID() != whole.SpanContext.TraceID() || span.Parent.SpanID() != whole.SpanContext.SpanID() {
			t.Errorf("%s belongs to %s under %s, not to %s under %s", name,
				span.SpanContext.TraceID(), span.Parent.SpanID(), whole.SpanContext.TraceID(), whole.SpanContext.SpanID())
		}
		if span.Status.Code == codes.Error {
			t.Errorf("%s failed: %s", name, span.Status.Description)
		}
		if span.StartTime.Before(whole.StartTime.Add(-1e9)) || span.EndTime.Before(span.StartTime) {
			t.Errorf("%s took from %s to %s", name, span.StartTime, span.EndTime)
		}
	}
	if whole.Parent.IsValid() || !whole.EndTime.After(whole.StartTime) {
		t.Errorf("the order took from %s to %s, under %v", whole.StartTime, whole.EndTime, whole.Parent)
	}
	for _, span := range spans {
		if span.Name == "SupplyStock" {
			t.Error("what is no order's was traced")
		}
	}
	registry := saga.NewRegistry()
	filter := eventcore.Filter{Streams: []eventcore.StreamID{orderID.Stream()}}
	for event, err := range s.store.Read(t.Context(), eventcore.Query{Filter: filter}) {
		s.must(err)
		s.must(registry.Decode(&event))
		if !strings.Contains(event.Metadata.TraceContext, whole.SpanContext.TraceID().String()) {
			t.Errorf("%s carries the trace %q", event.Type, event.Metadata.TraceContext)
		}
	}
}

func TestSpansHoldNothingOfTheCustomer(t *testing.T) {
	_, spans := traced(t, nil)
	written := fmt.Sprintf("%+v", spans)
	for _, secret := range []string{token, customer, street, "Lovelace"} {
		if strings.Contains(written, secret) {
			t.Errorf("a span holds %q", secret)
		}
	}
	if !strings.Contains(written, "shop/order-001") {
		t.Error("no span names the order")
	}
}

func TestACallThatFailsIsASpanThatFails(t *testing.T) {
	_, spans := traced(t, func(s *shop) { s.token = "sim_lost_reply" })
	lost := find(t, spans, "ProcessPayment do")
	if lost.Status.Code != codes.Error || lost.Status.Description != "unknown" {
		t.Errorf("a lost reply is %v %q", lost.Status.Code, lost.Status.Description)
	}
	if found := find(t, spans, "ProcessPayment find"); found.Status.Code == codes.Error {
		t.Errorf("the look-up failed: %q", found.Status.Description)
	}
}

func TestARefusedCommandIsASpanThatFails(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	s := newShop(t, telemetry.NewTraces(sdktrace.WithSyncer(exporter)))
	s.orders()
	taken := s.runner.Order.Accept(t.Context(), orderID, saga.OrderCreated{
		UID: "another", Customer: saga.Customer{ID: "another"}, Total: saga.Money{Currency: "USD", Minor: 1},
		Lines:   []saga.Line{{Product: mouse.Name, Quantity: 1, UnitPrice: saga.Money{Currency: "USD", Minor: 1}}},
		Gateway: "default", Carrier: "default", CaptureMode: saga.CaptureImmediate,
		Address: saga.Address{Name: "Ada", Lines: []string{street}, City: "London", Country: "GB"},
	})
	if taken == nil {
		t.Fatal("a name was taken twice")
	}
	s.stop()
	spans := exporter.GetSpans()
	refused := spans[len(spans)-1]
	if refused.Name != "CreateOrder" || refused.Status.Code != codes.Error || len(refused.Events) != 1 {
		t.Errorf("the refusal is %s %v, %d events", refused.Name, refused.Status, len(refused.Events))
	}
}

func TestWhatIsNotSampledIsNotPassedOn(t *testing.T) {
	_, spans := traced(t, nil, sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	if len(spans) > 0 {
		t.Errorf("%d spans", len(spans))
	}
}
