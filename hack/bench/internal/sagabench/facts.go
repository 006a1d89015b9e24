// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package sagabench

import (
	"context"
	"errors"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/open"
)

// fact is an event of a saga, as the floor writes it.
type fact struct {
	kind, metadata, data string
	// streams are those that it belongs to, besides the order's own.
	streams []string
}

// recordFacts carries out an order in memory, and returns what was recorded.
func recordFacts(ctx context.Context, compensated bool) (facts []fact, err error) {
	store, err := open.Store(ctx, "memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine, err := StartEngine(ctx, store, 0)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(engine.CarryOut(ctx, compensated), engine.Close()); err != nil {
		return nil, err
	}
	for event, err := range store.Read(ctx, eventcore.Query{Filter: eventcore.Filter{Prefixes: []string{"order-"}}}) {
		if err != nil {
			return nil, err
		}
		if _, ok := saga.OrderOf(&event); ok {
			facts = append(facts, factOf(&event))
		}
	}
	return facts, nil
}

func factOf(event *eventcore.Event) fact {
	f := fact{kind: event.Type, data: string(event.Data)}
	f.metadata = event.Metadata.CorrelationID + event.Metadata.CommandType + event.Metadata.Actor
	for _, m := range event.Streams {
		if _, own := saga.ParseOrderStream(m.Stream); !own {
			f.streams = append(f.streams, string(m.Stream))
		}
	}
	return f
}
