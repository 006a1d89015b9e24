// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// lookRegularly looks for what should have happened until ctx ends.
func (w *Watcher) lookRegularly(ctx context.Context, projector *eventcore.Projector) error {
	began := w.options.Clock()
	ticker := time.NewTicker(overdueEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := w.look(projector, began); err != nil {
			return err
		}
	}
}

// look finds what should have happened by now. Whatever became due while no operator ran counts from the beginning of
// this one.
func (w *Watcher) look(projector *eventcore.Projector, began time.Time) error {
	now := w.options.Clock()
	if now.Sub(began) <= grace {
		now = time.Time{} // judges the products only
	}
	violations, err := verify.Overdue(projector.Documents(), now, grace)
	if err != nil {
		return err
	}
	overdue := map[subject]verify.Violation{}
	for _, violation := range violations {
		if of := subjectOf(violation); of != (subject{}) {
			overdue[of] = violation
		}
	}
	w.mu.Lock()
	before := w.overdue
	w.overdue = overdue
	w.mu.Unlock()
	w.metrics.stuck.Set(float64(stuck(overdue)))
	appeared, gone := missingIn(overdue, before), missingIn(before, overdue)
	for _, violation := range appeared {
		w.report(violation)
	}
	w.wake(touch(appeared, gone))
	return nil
}

// stuck counts the orders.
func stuck(overdue map[subject]verify.Violation) (orders int) {
	for of := range overdue {
		if of.order != (saga.OrderID{}) {
			orders++
		}
	}
	return orders
}

// missingIn returns what is not among the others.
func missingIn(violations, others map[subject]verify.Violation) map[subject]verify.Violation {
	missing := map[subject]verify.Violation{}
	for of, violation := range violations {
		if _, ok := others[of]; !ok {
			missing[of] = violation
		}
	}
	return missing
}
