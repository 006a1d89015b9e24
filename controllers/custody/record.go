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

// record appends the event to the stream of the history. It returns false if another process has recorded as much.
func record(ctx context.Context, store eventcore.Store, clock func() time.Time, event any) (bool, error) {
	executor, err := eventcore.NewExecutor(ctx, store, saga.NewRegistry(), eventcore.ExecutorOptions{Clock: clock})
	if err != nil {
		return false, err
	}
	defer executor.Close()
	receipt, err := executor.Execute(ctx, Record{Event: event}, eventcore.WithMetadata(eventcore.Metadata{
		CorrelationID: store.Identity().StoreID.String() + "/history", Actor: actor,
	}))
	if err != nil {
		return false, fmt.Errorf("record what has become of the history: %w", err)
	}
	return len(receipt.Events) > 0, nil
}

// Record is the command that records what has become of the history, once.
type Record struct{ Event any }

// ReadStreams implements eventcore.Command.
func (c Record) ReadStreams() []eventcore.StreamID { return []eventcore.StreamID{saga.HistoryStream} }

// Handle implements eventcore.Command.
func (c Record) Handle(b *eventcore.Boundary) error {
	history := eventcore.Load[saga.History](b, saga.HistoryStream)
	switch event := c.Event.(type) {
	case saga.RollbackSuspected:
		if history.InDoubt(event.Epoch) {
			return nil
		}
	case saga.RollbackAccepted:
		if history.Accepted >= event.Epoch {
			return nil
		}
	}
	return b.Append(c.Event, saga.HistoryStream)
}
