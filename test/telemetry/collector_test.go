// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes traces as a collector does.
type collector struct {
	mu    sync.Mutex
	spans []*tracev1.Span
}

// listen returns the endpoint for --trace-endpoint.
func (c *collector) listen() (endpoint string, stop func(), err error) {
	if err := os.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100"); err != nil { // ms; the manager inherits it
		return "", nil, err
	}
	server := httptest.NewServer(http.HandlerFunc(c.take))
	return server.URL, server.Close, nil
}

func (c *collector) take(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	var spans collectorv1.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &spans)
	}
	if err != nil || request.URL.Path != "/v1/traces" {
		http.Error(response, fmt.Sprintf("%s: %v", request.URL.Path, err), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range spans.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	response.Header().Set("Content-Type", "application/x-protobuf")
}

func attribute(span *tracev1.Span, key string) string {
	for _, pair := range span.GetAttributes() {
		if pair.GetKey() == key {
			return pair.GetValue().GetStringValue()
		}
	}
	return ""
}

// of returns the order's spans: the manager has passed on all when it ends.
func (c *collector) of(order string) []*tracev1.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.spans), func(span *tracev1.Span) bool { return attribute(span, "commerce.order") != order })
}

func TestAnOrderArrivesAtTheCollectorAsOneTrace(t *testing.T) {
	spans := traces.of("shop/order-001")
	byName := map[string]*tracev1.Span{}
	for _, span := range spans {
		byName[span.GetName()] = span
	}
	whole := byName["Order"]
	if whole == nil || len(whole.GetParentSpanId()) > 0 || attribute(whole, "commerce.outcome") != "Completed" {
		t.Fatalf("no span of the whole order, but %v", spans)
	}
	for _, name := range []string{
		"CreateOrder", "ReserveStock", "RequestProcessPayment", "ProcessPayment do", "RecordProcessPayment",
		"RequestCreateShipment", "CreateShipment do", "RecordCreateShipment", "Advance",
	} {
		span := byName[name]
		if span == nil {
			t.Errorf("no span %s", name)
			continue
		}
		if string(span.GetTraceId()) != string(whole.GetTraceId()) || string(span.GetParentSpanId()) != string(whole.GetSpanId()) {
			t.Errorf("%s does not belong to the order's span", name)
		}
	}
	if declined := traces.of("shop/order-003-declined"); len(declined) == 0 || string(declined[0].GetTraceId()) == string(whole.GetTraceId()) {
		t.Error("two orders are one trace")
	}
	for _, secret := range secrets {
		if strings.Contains(fmt.Sprint(spans), secret) {
			t.Errorf("a span holds %q", secret)
		}
	}
}
