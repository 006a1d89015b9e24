// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package corebench

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/hack/bench/internal/bank"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// appendOf appends so many events at once, each time to a stream that must be empty.
func appendOf(size int) func(ctx context.Context, b *bench) error {
	return func(ctx context.Context, b *bench) error {
		deposited, err := bank.Registry().Encode(bank.Deposited{Amount: 1})
		if err != nil {
			return err
		}
		deposited.RecordedAt = time.Now().UTC().Truncate(time.Microsecond)
		number, head := 0, eventcore.Position(0)
		result, err := measure.Drive(ctx, 1, b.Length, func(ctx context.Context, _ int) error {
			number++
			request := eventcore.AppendRequest{
				ID: uuid.New(), Head: head, Guards: []eventcore.Guard{{Stream: account(number)}},
				Events: make([]eventcore.Event, size),
			}
			for i := range request.Events {
				request.Events[i] = deposited
				request.Events[i].ID = uuid.New()
				request.Events[i].Streams = []eventcore.Membership{{Stream: account(number)}}
			}
			appended, err := b.store.Append(ctx, request)
			if err == nil {
				head = appended.Events[size-1].Position
			}
			return err
		})
		if err != nil {
			return err
		}
		b.done(fmt.Sprintf("append %d", size), result, b.length(ctx, result.Operations*int64(size)))
		return nil
	}
}

// readOf reads a stream of so many events into a slice. Another stream has as many.
func readOf(size int) func(ctx context.Context, b *bench) error {
	return func(ctx context.Context, b *bench) error {
		if err := bank.Fill(ctx, b.store, 2*size, "", account(0), account(1)); err != nil {
			return err
		}
		query := eventcore.Query{Filter: eventcore.Filter{Streams: []eventcore.StreamID{account(1)}}}
		var wrong error
		result, err := measure.Drive(ctx, 1, b.Length, func(ctx context.Context, _ int) error {
			events := []eventcore.Event(nil)
			for event, err := range b.store.Read(ctx, query) {
				if err != nil {
					return err
				}
				events = append(events, event)
			}
			if wrong == nil {
				wrong = expect("events read", int64(len(events)), int64(size))
			}
			return nil
		})
		if err != nil {
			return err
		}
		b.done("read a stream of "+compare.Count(size), result, wrong)
		return nil
	}
}

// codec encodes an event, and decodes it.
func codec(ctx context.Context, b *bench) error {
	registry, payload := bank.Registry(), bank.Deposited{Amount: 1}
	event := eventcore.Event{}
	encoded, err := measure.Drive(ctx, 1, b.Length, func(context.Context, int) (err error) {
		event, err = registry.Encode(payload)
		return err
	})
	if err != nil {
		return err
	}
	b.done("encode an event", encoded, nil)
	stored, decoded := event, event
	stored.Payload = nil
	result, err := measure.Drive(ctx, 1, b.Length, func(context.Context, int) error {
		decoded = stored
		return registry.Decode(&decoded)
	})
	if err != nil {
		return err
	}
	var wrong error
	if decoded.Payload != payload {
		wrong = fmt.Errorf("payload: %v, not %v", decoded.Payload, payload)
	}
	b.done("decode an event", result, wrong)
	return nil
}
