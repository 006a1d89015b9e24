// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/saga"
)

// Concerns reports whether there is, after an event, something to do for the order, or to wait for. Whoever does it
// looks again: a wrong yes costs a reconcile, and a wrong no is mended by the next sweep only.
type Concerns func(ctx context.Context, id saga.OrderID) bool

// Orders returns a source that enqueues every order that the feed touches, at normal priority, and all open orders
// when it starts: what the informers list at a start has a lower priority and may have to wait. Of those that an event
// touches it enqueues the ones that concern the controller: most events of an order concern one service of the four.
func Orders(f *feed.Feed, concerns Concerns) source.Source {
	return start(f, func(ctx context.Context, touched feed.Touched) []reconcile.Request {
		requests := make([]reconcile.Request, 0, len(touched.Orders))
		for _, id := range touched.Orders {
			if !touched.Recorded || concerns(ctx, id) {
				requests = append(requests, request(id.Namespace, id.Name))
			}
		}
		return requests
	})
}

// Products returns a source that enqueues every product that the feed touches.
func Products(f *feed.Feed) source.Source {
	return start(f, func(_ context.Context, touched feed.Touched) []reconcile.Request {
		requests := make([]reconcile.Request, 0, len(touched.Products))
		for _, id := range touched.Products {
			requests = append(requests, request(id.Namespace, id.Name))
		}
		return requests
	})
}

func request(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

// start subscribes until ctx ends. It does not wait for the store.
func start(f *feed.Feed, requests func(context.Context, feed.Touched) []reconcile.Request) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		unsubscribe := f.Subscribe(func(touched feed.Touched) {
			for _, request := range requests(ctx, touched) {
				queue.Add(request)
			}
		})
		context.AfterFunc(ctx, unsubscribe)
		return f.Sweep()
	})
}
