// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"crypto/rand"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// wholeTrace is the key of the trace.TraceID for which the span of the whole attempt is made.
type wholeTrace struct{}

// ids makes the ids of traces and spans. The span of a whole attempt is named by the trace alone, by the second half of
// its id, so that what comes first can name it as its parent, and it can be made when the order has ended.
type ids struct{}

// NewIDs implements sdktrace.IDGenerator.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, ended := ctx.Value(wholeTrace{}).(trace.TraceID)
	if !ended {
		_, _ = rand.Read(id[:]) // it never fails
	}
	return id, whole(id)
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	_, _ = rand.Read(id[:]) // it never fails
	return id
}

// whole is the span of the whole attempt.
func whole(id trace.TraceID) (span trace.SpanID) {
	copy(span[:], id[8:])
	return span
}

// resume returns the context under the span of the whole attempt, to whose trace the traceparent belongs.
func resume(ctx context.Context, traceparent string) (context.Context, bool) {
	parent, ok := parse(traceparent)
	if !ok {
		return ctx, false
	}
	return trace.ContextWithRemoteSpanContext(ctx, parent.WithSpanID(whole(parent.TraceID()))), true
}

// parse reads a W3C traceparent.
func parse(traceparent string) (trace.SpanContext, bool) {
	parts := strings.Split(traceparent, "-")
	if len(parts) != 4 {
		return trace.SpanContext{}, false
	}
	traceID, err := trace.TraceIDFromHex(parts[1])
	if err != nil {
		return trace.SpanContext{}, false
	}
	spanID, err := trace.SpanIDFromHex(parts[2])
	if err != nil {
		return trace.SpanContext{}, false
	}
	config := trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, Remote: true}
	if parts[3] == "01" {
		config.TraceFlags = trace.FlagsSampled
	}
	return trace.NewSpanContext(config), true
}

// format writes a W3C traceparent.
func format(of trace.SpanContext) string {
	return "00-" + of.TraceID().String() + "-" + of.SpanID().String() + "-" + (of.TraceFlags() & trace.FlagsSampled).String()
}
