// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/eventcore/order-operator/controllers/watch"
)

// newChecker returns the checker that runs beside the order service, on the replica that works.
func newChecker(s *session) (*watch.Watcher, error) {
	return watch.New(watch.Options{
		Store: s.world.store, Metrics: s.metrics, Logger: s.logger.WithName("checker"), Wake: s.feed.Wake, Clock: time.Now,
	})
}
