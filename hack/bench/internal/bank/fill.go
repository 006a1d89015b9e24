// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/eventcore/order-operator/eventcore"
)

// chunk is how many events Fill appends at once: 4,096 stream memberships are allowed.
const chunk = 2_000

// Fill appends so many deposits of 1 to an empty store, to one account after the other.
func Fill(ctx context.Context, store eventcore.Store, count int, note string, accounts ...eventcore.StreamID) error {
	deposited, err := Registry().Encode(Deposited{Amount: 1, Note: note})
	if err != nil {
		return err
	}
	deposited.RecordedAt = time.Now().UTC().Truncate(time.Microsecond)
	head := eventcore.Position(0)
	for done := 0; done < count; {
		events := make([]eventcore.Event, min(chunk, count-done))
		for i := range events {
			events[i] = deposited
			if events[i].ID, err = uuid.NewV7(); err != nil {
				return err
			}
			events[i].Streams = []eventcore.Membership{{Stream: accounts[(done+i)%len(accounts)]}}
		}
		appended, err := store.Append(ctx, eventcore.AppendRequest{ID: uuid.New(), Head: head, Events: events})
		if err != nil {
			return err
		}
		head = appended.Events[len(events)-1].Position
		done += len(events)
	}
	return nil
}
