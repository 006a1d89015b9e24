// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/eventcore/order-operator/controllers/feed"
	"github.com/eventcore/order-operator/controllers/watch"
)

// newChecker returns the checker that runs beside the services, on the replica that works.
func newChecker(mgr ctrl.Manager, w *world, f *feed.Feed) (*watch.Watcher, error) {
	return watch.New(watch.Options{
		Store: w.store, Metrics: metrics.Registry, Logger: mgr.GetLogger().WithName("checker"), Wake: f.Wake, Clock: time.Now,
	})
}
