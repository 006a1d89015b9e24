// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
	"github.com/eventcore/order-operator/test/harness"
)

// narrator shows what happens: every event as it is recorded, and how every Order ends as the API server shows it, once all events
// before are shown.
type narrator struct {
	screen *screen

	mu sync.Mutex
	// through is the position up to which events are shown.
	through eventcore.Position
	// endings are known, but not shown yet.
	endings []ending
	shown   map[types.UID]bool
	changed chan struct{}
	// told holds what was said last of Orders that have not ended, if their statuses are all that there is to tell.
	told map[types.UID]string
}

type ending struct {
	order *commercev1.Order
	at    time.Time
}

func newNarrator(s *screen) *narrator {
	return &narrator{screen: s, shown: map[types.UID]bool{}, changed: make(chan struct{})}
}

// events shows the orders' events until ctx ends.
func (n *narrator) events(ctx context.Context, store eventcore.Store) error {
	registry := saga.NewRegistry()
	for batch, err := range store.Subscribe(ctx, 0, eventcore.Filter{}) {
		if err != nil {
			return err
		}
		n.mu.Lock()
		for i := range batch.Events {
			event := &batch.Events[i]
			if err := registry.Decode(event); err != nil {
				n.mu.Unlock()
				return err
			}
			n.show(event)
		}
		n.through = batch.Through
		n.showEndings()
		n.mu.Unlock()
	}
	return ctx.Err()
}

func (n *narrator) show(event *eventcore.Event) {
	if id, ok := saga.OrderOf(event); ok {
		if text, c := tell(event); text != "" {
			n.screen.change(event.RecordedAt, id.Name, c, text)
		}
		return
	}
	supplied, ok := event.Payload.(saga.StockSupplied)
	if !ok {
		return
	}
	for _, product := range saga.ProductsOf(event) {
		units := int64(0)
		for _, total := range supplied.Supply {
			units += total.Received - total.Removed
		}
		n.screen.change(event.RecordedAt, product.Name, plain, fmt.Sprintf("supplied: %d units", units))
	}
}

// tellStatuses says what the Orders' statuses show. Events are not waited for.
func (n *narrator) tellStatuses() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.through, n.told = math.MaxInt64, map[types.UID]string{}
	n.showEndings()
}

// progress tells how far an Order is, when that is news.
func (n *narrator) progress(order *commercev1.Order) {
	text := harness.Describe(order)
	if n.told == nil || n.told[order.UID] == text || order.Status.ObservedGeneration == 0 {
		return
	}
	n.told[order.UID] = text
	n.screen.change(time.Now(), order.Name, plain, text)
}

// orders follows the Orders until ctx ends.
func (n *narrator) orders(ctx context.Context, cluster *harness.Cluster, namespace string) error {
	return cluster.WatchOrders(ctx, namespace, func(order *commercev1.Order, deleted bool) bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		switch {
		case deleted:
			n.screen.change(time.Now(), order.Name, plain, "kubectl delete")
		case harness.AtRest(order) && !n.shown[order.UID]:
			n.shown[order.UID] = true
			n.endings = append(n.endings, ending{order: order.DeepCopy(), at: time.Now()})
			n.showEndings()
		case !harness.AtRest(order):
			n.progress(order)
		}
		return false
	})
}

// showEndings shows the endings whose events are shown.
func (n *narrator) showEndings() {
	rest := n.endings[:0]
	for _, e := range n.endings {
		if e.order.Status.History.Position > int64(n.through) { //nolint:gosec // no store will ever hold so many events
			rest = append(rest, e)
			continue
		}
		c := yellow
		if e.order.Status.Outcome == commercev1.OutcomeCompleted {
			c = green
		}
		n.screen.change(e.at, e.order.Name, c, "=> "+harness.Describe(e.order))
	}
	n.endings = rest
	close(n.changed)
	n.changed = make(chan struct{})
}

// await returns when the ending of the Order is shown.
func (n *narrator) await(ctx context.Context, uid types.UID) error {
	for {
		n.mu.Lock()
		shown, changed := n.shown[uid], n.changed
		for _, e := range n.endings {
			shown = shown && e.order.UID != uid
		}
		n.mu.Unlock()
		if shown {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
