// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// restartAfter is when the follower starts again after an error.
const restartAfter = 10 * time.Second

// Follower counts, logs and traces the events of orders as they are recorded. Its methods may be called concurrently.
type Follower struct {
	metrics  *metrics
	traces   *Traces
	logger   logr.Logger
	registry *eventcore.Registry
	store    eventcore.Store

	once  sync.Once
	begun chan struct{}
	// after and tracks belong to who closes begun, and then to Run.
	after  eventcore.Position
	tracks map[saga.OrderID]track
}

// track is what is known of an open order.
type track struct {
	// since is when it was created; last when its last step ended, zero if that was before this process followed.
	since, last  time.Time
	traceContext string
}

// Follower returns a follower of the store.
func (t *Telemetry) Follower(store eventcore.Store) *Follower {
	return &Follower{
		metrics: t.metrics, traces: t.options.Traces, logger: t.options.Logger, registry: saga.NewRegistry(), store: store,
		tracks: map[saga.OrderID]track{}, begun: make(chan struct{}),
	}
}

// Begin tells from where Run follows the store, and which orders are open there: see feed.Feed.Begins. Only the first call
// counts.
func (f *Follower) Begin(after eventcore.Position, open map[saga.OrderID]saga.OpenOrder) {
	f.once.Do(func() {
		f.after = after
		for id, row := range open {
			if !row.Ended {
				f.tracks[id] = track{since: row.Since, traceContext: row.TraceContext}
			}
		}
		close(f.begun)
	})
}

// Run counts, logs and traces the events after Begin's position until ctx ends, and returns nil then. After an error of
// the store it goes on where it was. Only one process may run one of a store at a time, or events are counted twice.
func (f *Follower) Run(ctx context.Context) error {
	select {
	case <-f.begun:
	case <-ctx.Done():
		return nil
	}
	for {
		if err := f.follow(ctx); ctx.Err() == nil {
			f.logger.Error(err, "Events can't be followed: metrics and logs of orders stand still",
				"startsAgainAfter", restartAfter.String())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restartAfter):
		}
	}
}

func (f *Follower) follow(ctx context.Context) error {
	if f.after == 0 && len(f.tracks) == 0 { // nobody has followed this store before: its past is not news
		head, err := f.store.Head(ctx)
		if err != nil {
			return err
		}
		f.after = head
	}
	for batch, err := range f.store.Subscribe(ctx, f.after, eventcore.Filter{}) {
		if err != nil {
			return err
		}
		for i := range batch.Events {
			event := batch.Events[i] // shared with other readers: it is decoded in a copy
			f.apply(&event)
			f.after = event.Position
		}
		f.after = batch.Through
	}
	return fmt.Errorf("the store has ended the subscription at position %d", f.after)
}

func (f *Follower) apply(event *eventcore.Event) {
	f.metrics.events.WithLabelValues(event.Type).Inc()
	id, ok := saga.OrderOf(event)
	if err := f.registry.Decode(event); err != nil {
		f.logger.Error(err, "An event can't be read, and is not counted", "Order", id.String(), "position", uint64(event.Position))
		return
	}
	if ok {
		f.count(id, event)
	}
	f.log(id, event)
}

// count follows the order's way.
func (f *Follower) count(id saga.OrderID, event *eventcore.Event) {
	at := event.RecordedAt
	switch payload := event.Payload.(type) {
	case saga.OrderCreated:
		f.tracks[id] = track{since: at, last: at, traceContext: event.Metadata.TraceContext}
		return
	case saga.OrderCompleted:
		f.ended(id, saga.Completed, event)
		return
	case saga.OrderCancelled:
		f.ended(id, saga.Cancelled, event)
		return
	case saga.CompensationStarted:
		f.metrics.compensations.WithLabelValues(orNone(payload.Step), payload.Reason).Inc()
		f.reached(id, at)
		return
	case saga.StepRetryScheduled:
		f.metrics.retries.WithLabelValues(operation(payload.Step, payload.Undo)).Inc()
	case saga.OutcomeUnknown:
		f.metrics.unknown.WithLabelValues(operation(payload.Step, payload.Undo)).Inc()
	case saga.AttentionRequired:
		f.metrics.attention.WithLabelValues(operation(payload.Step, payload.Undo), payload.Reason).Inc()
	}
	if step := stepOf(event.Payload); step != "" {
		if last := f.reached(id, at); !last.IsZero() {
			f.metrics.stepDuration.WithLabelValues(step).Observe(max(at.Sub(last), 0).Seconds())
		}
	}
}

// reached notes that a step of an open order has ended, and returns when the one before had.
func (f *Follower) reached(id saga.OrderID, at time.Time) (last time.Time) {
	t, open := f.tracks[id]
	if !open {
		return time.Time{}
	}
	last, t.last = t.last, at
	f.tracks[id] = t
	return last
}

// ended counts the end of an order.
func (f *Follower) ended(id saga.OrderID, outcome saga.Outcome, event *eventcore.Event) {
	f.metrics.finished.WithLabelValues(string(outcome)).Inc()
	t, open := f.tracks[id]
	if !open {
		return
	}
	delete(f.tracks, id)
	f.metrics.orderDuration.WithLabelValues(string(outcome)).Observe(max(event.RecordedAt.Sub(t.since), 0).Seconds())
	f.traces.ended(id, t, outcome, event)
}

func orNone(step string) string {
	if step == "" {
		return noStep
	}
	return step
}

// operation is the name of the step, or of what undoes it.
func operation(step string, undo bool) string {
	if !undo {
		return step
	}
	if compensation := saga.CurrentFlow().Step(step).Compensation; compensation != "" {
		return compensation
	}
	return "Undo" + step
}

// stepOf returns the step or the compensation that the event ends, empty if it ends none.
func stepOf(payload any) string {
	switch payload := payload.(type) {
	case saga.StockReserved, saga.StockReservationFailed:
		return saga.ReserveStock
	case saga.StockReservationReleased:
		return saga.ReleaseStock
	case saga.PaymentProcessed:
		return saga.ProcessPayment
	case saga.PaymentCaptured:
		return saga.CapturePayment
	case saga.PaymentFailed:
		if payload.Capture {
			return saga.CapturePayment
		}
		return saga.ProcessPayment
	case saga.PaymentRefunded:
		return saga.RefundPayment
	case saga.PaymentVoided:
		return saga.VoidPayment
	}
	return otherStepOf(payload)
}

func otherStepOf(payload any) string {
	switch payload := payload.(type) {
	case saga.ShipmentCreated, saga.ShipmentFailed:
		return saga.CreateShipment
	case saga.ShipmentCancelled:
		return saga.CancelShipment
	case saga.StepEvent:
		if change := payload.StepChange(); change.Result != saga.StepRequested {
			return operation(change.Step, change.Undo)
		}
	}
	return ""
}
