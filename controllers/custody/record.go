// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package custody

import (
	"context"
	"fmt"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// actor is who decides here, as the events say.
const actor = "operator"

// Read returns what has become of the store's history.
func Read(ctx context.Context, store eventcore.Store) (history saga.History, err error) {
	registry := saga.NewRegistry()
	filter := eventcore.Filter{Streams: []eventcore.StreamID{saga.HistoryStream}}
	for event, err := range store.Read(ctx, eventcore.Query{Filter: filter}) {
		if err == nil {
			err = registry.Decode(&event)
		}
		if err != nil {
			return history, fmt.Errorf("read what has become of the history: %w", err)
		}
		history = history.Apply(saga.HistoryStream, &event)
	}
	return history, nil
}

// record appends the event to the stream of the history.
func record(ctx context.Context, store eventcore.Store, clock func() time.Time, event any) error {
	executor, err := eventcore.NewExecutor(ctx, store, saga.NewRegistry(), eventcore.ExecutorOptions{Clock: clock})
	if err != nil {
		return err
	}
	defer executor.Close()
	_, err = executor.Execute(ctx, Record{Event: event}, eventcore.WithMetadata(eventcore.Metadata{
		CorrelationID: store.Identity().StoreID.String() + "/history", Actor: actor,
	}))
	if err != nil {
		return fmt.Errorf("record what has become of the history: %w", err)
	}
	return nil
}

// Record is the command that records what has become of the history.
type Record struct{ Event any }

// ReadStreams implements eventcore.Command.
func (c Record) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{saga.HistoryStream} }

// Handle implements eventcore.Command.
func (c Record) Handle(b *eventcore.Boundary) error {
	eventcore.Load[saga.History](b, saga.HistoryStream)
	return b.Append(c.Event, saga.HistoryStream)
}
