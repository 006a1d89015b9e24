// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package lease_test

import (
	"context"
	"fmt"

	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/eventcore/lease"
	"github.com/eventcore/order-operator/eventcore/memory"
)

type Visited struct{ Page string }

var visits = eventcore.Projection{
	Name: "visits",
	Apply: func(documents *eventcore.Documents, event *eventcore.Event) error {
		page, count := event.Payload.(Visited).Page, 0
		if _, err := documents.Get(page, &count); err != nil {
			return err
		}
		return documents.Put(page, count+1)
	},
}

// One of several processes runs a projection. The others wait in Hold, and load what it has saved when they take over.
func ExampleHold() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	store := memory.New(memory.Options{})
	registry := eventcore.NewRegistry(eventcore.Type[Visited]("Visited", 1))
	visited, err := registry.Encode(Visited{Page: "home"})
	if err != nil {
		fmt.Println(err)
		return
	}
	visited.Streams = []eventcore.Membership{{Stream: "visitor-1"}}
	if _, err := store.Append(ctx, eventcore.AppendRequest{Events: []eventcore.Event{visited}}); err != nil {
		fmt.Println(err)
		return
	}

	options := lease.Options{Name: "visits", Holder: "pod-1"}
	err = lease.Hold(ctx, store, options, func(ctx context.Context, held *lease.Lease) error {
		projector, err := eventcore.NewProjector(ctx, store, registry, visits, eventcore.ProjectorOptions{
			BeforeSave: held.Check,
			Observe:    func(eventcore.Batch) { stop() }, // for the example's sake
		})
		if err != nil {
			return err
		}
		defer func() {
			for page, count := range projector.Documents() {
				fmt.Println(page, string(count))
			}
		}()
		return projector.Run(ctx)
	})
	fmt.Println(err)
	// Output:
	// home 1
	// <nil>
}
