// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// The attributes of spans. None holds anything of a customer, or what a provider says.
const (
	keyOrder       = attribute.Key("commerce.order")
	keyCorrelation = attribute.Key("commerce.correlation_id")
	keyAttempt     = attribute.Key("commerce.attempt")
	keyActor       = attribute.Key("commerce.actor")
	keyOutcome     = attribute.Key("commerce.outcome")
	keyKind        = attribute.Key("commerce.provider.kind")
	keyProvider    = attribute.Key("commerce.provider.name")
	keyVerb        = attribute.Key("commerce.provider.verb")
	keyResult      = attribute.Key("commerce.provider.result")
	keyTry         = attribute.Key("commerce.try")
	keyEvents      = attribute.Key("eventcore.events")
	keyPosition    = attribute.Key("eventcore.position")
	keyCausation   = attribute.Key("eventcore.causation")
	keyDecided     = attribute.Key("eventcore.attempts")
)

// createOrder is the command that begins an attempt of an order, and its trace.
const createOrder = "CreateOrder"

// Traces makes one trace of each attempt of an order: a span of the whole, from its creation to its end, and under it one
// of each command and of each request to a provider, whichever process carries them out. The trace goes from one to the
// next in the metadata of events. A nil *Traces makes none, and costs nothing.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// NewTraces returns Traces that pass their spans on as the options say: sdktrace.WithBatcher, and with which resource. How
// many orders are traced is decided when they are created, by OTEL_TRACES_SAMPLER of the environment, or all.
func NewTraces(options ...sdktrace.TracerProviderOption) *Traces {
	provider := sdktrace.NewTracerProvider(append(options, sdktrace.WithIDGenerator(ids{}))...)
	return &Traces{provider: provider, tracer: provider.Tracer("github.com/eventcore/order-operator")}
}

// Close passes on what is left, until ctx ends.
func (t *Traces) Close(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("pass on the last traces: %w", err)
	}
	return nil
}

// executing makes the span of a command, and leaves its context in the metadata of its events.
func (t *Traces) executing(ctx context.Context, metadata *eventcore.Metadata) func(eventcore.Receipt, error) {
	parent, traced := t.parent(ctx, metadata)
	if !traced {
		return nil
	}
	_, span := t.tracer.Start(parent, metadata.CommandType, trace.WithAttributes(
		keyOrder.String(orderIn(metadata.CorrelationID)), keyCorrelation.String(metadata.CorrelationID),
		keyActor.String(metadata.Actor), keyCausation.Int64(int64(metadata.Causation)), //nolint:gosec // it counts up from 1
	))
	metadata.TraceContext = format(span.SpanContext())
	return func(receipt eventcore.Receipt, err error) {
		if err != nil {
			failed(span, err)
		}
		span.SetAttributes(
			keyEvents.StringSlice(typesOf(receipt.Events)), keyDecided.Int(receipt.Attempts),
			keyPosition.Int64(int64(receipt.Position)), //nolint:gosec // it counts up from 1
		)
		span.End()
	}
}

// parent returns the context of the order's span. It begins the trace of a new order: that span ends, and is passed on,
// when the order ends.
func (t *Traces) parent(ctx context.Context, metadata *eventcore.Metadata) (context.Context, bool) {
	if metadata.TraceContext != "" {
		return resume(ctx, metadata.TraceContext)
	}
	if metadata.CommandType != createOrder {
		return ctx, false // of an order that nobody traced from its beginning, or of a product
	}
	ctx, _ = t.tracer.Start(ctx, orderSpan, trace.WithNewRoot())
	return ctx, true
}

// asking makes the span of a request to a provider.
func (t *Traces) asking(ctx context.Context, ask calls.Ask) (context.Context, request) {
	if t == nil {
		return ctx, request{}
	}
	parent, traced := resume(ctx, ask.Order.TraceContext)
	if !traced {
		return ctx, request{}
	}
	ctx, span := t.tracer.Start(parent, operation(ask.Step, ask.Undo)+" "+string(ask.Verb),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			keyOrder.String(ask.Order.ID.String()), keyKind.String(kindOf(ask.Service)), keyProvider.String(ask.Provider),
			keyVerb.String(string(ask.Verb)), keyTry.Int(ask.Call.Try),
		))
	return ctx, request{span}
}

// request is the span of a request to a provider, if there is one.
type request struct{ span trace.Span }

func (r request) asked(result calls.Result) {
	if r.span == nil {
		return
	}
	r.span.SetAttributes(keyResult.String(string(result)))
	if result != calls.Succeeded && result != calls.Refused {
		r.span.SetStatus(codes.Error, string(result))
	}
	r.span.End()
}

// orderSpan is the name of the span of a whole attempt.
const orderSpan = "Order"

// ended makes the span of the whole attempt, now that its length is known.
func (t *Traces) ended(id saga.OrderID, of track, outcome saga.Outcome, event *eventcore.Event) {
	if t == nil || of.traceContext == "" {
		return
	}
	created, traced := parse(of.traceContext)
	if !traced || !created.IsSampled() {
		return
	}
	correlation := event.Metadata.CorrelationID
	ctx := context.WithValue(context.Background(), wholeTrace{}, created.TraceID())
	_, span := t.tracer.Start(ctx, orderSpan, trace.WithNewRoot(), trace.WithTimestamp(of.since), trace.WithAttributes(
		keyOrder.String(id.String()), keyCorrelation.String(correlation), keyAttempt.String(lastOf(correlation)),
		keyOutcome.String(string(outcome)),
	))
	span.End(trace.WithTimestamp(event.RecordedAt))
}

// failed notes why a command failed, without the error's words: they may quote what people have entered.
func failed(span trace.Span, err error) {
	reason := "refused"
	for _, known := range commandErrors {
		if errors.Is(err, known) {
			reason = known.Error()
			break
		}
	}
	span.AddEvent("exception", trace.WithAttributes(
		attribute.String("exception.type", fmt.Sprintf("%T", err)), attribute.String("exception.message", reason)))
	span.SetStatus(codes.Error, reason)
}

// commandErrors are those that are not the command's own refusal.
var commandErrors = []error{
	eventcore.ErrOutcomeUnknown, eventcore.ErrContention, eventcore.ErrRolledBack, eventcore.ErrClosed, eventcore.ErrTooLarge,
	eventcore.ErrPanic, eventcore.ErrUnknownType, context.Canceled, context.DeadlineExceeded,
}

func typesOf(events []eventcore.Event) []string {
	types := make([]string, 0, len(events))
	for i := range events {
		types = append(types, events[i].Type)
	}
	return types
}

// orderIn returns the order that a correlation id names: see saga.CorrelationID.
func orderIn(correlation string) string {
	_, order, _ := strings.Cut(correlation, "/")
	if end := strings.LastIndexByte(order, '/'); end > 0 && strings.Count(order, "/") > 1 {
		return order[:end]
	}
	return order
}

func lastOf(correlation string) string {
	return correlation[strings.LastIndexByte(correlation, '/')+1:]
}
