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
)

// Orders returns a source that enqueues every order that the feed touches, at normal priority, and all open orders
// when it starts: what the informers list at a start has a lower priority and may have to wait.
func Orders(f *feed.Feed) source.Source {
	return start(f, func(touched feed.Touched) []reconcile.Request {
		requests := make([]reconcile.Request, 0, len(touched.Orders))
		for _, id := range touched.Orders {
			requests = append(requests, request(id.Namespace, id.Name))
		}
		return requests
	})
}

// Products returns a source that enqueues every product that the feed touches.
func Products(f *feed.Feed) source.Source {
	return start(f, func(touched feed.Touched) []reconcile.Request {
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
func start(f *feed.Feed, requests func(feed.Touched) []reconcile.Request) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		unsubscribe := f.Subscribe(func(touched feed.Touched) {
			for _, request := range requests(touched) {
				queue.Add(request)
			}
		})
		context.AfterFunc(ctx, unsubscribe)
		return f.Sweep()
	})
}
