// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"errors"
	"time"

	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// obey does what the Order's user wants to become of the order. An Order that is not carried out has no say.
func (r *Reconciler) obey(ctx context.Context, s *scope) error {
	if s.object == nil || outdated(s) {
		return nil
	}
	if s.refused == nil {
		if err := errors.Join(r.cancel(ctx, s), r.suspend(ctx, s)); err != nil {
			return err
		}
	}
	if s.refused == nil || needsDecision(s.refused) {
		return r.resolve(ctx, s)
	}
	return nil
}

// outdated reports whether a cache still shows the Order as it was before it started the attempt on record: what it wanted
// then was about the attempt before.
func outdated(s *scope) bool {
	return s.uid() == s.order.Content.UID && int(s.object.Spec.Attempt) < s.order.Content.Attempt
}

// needsDecision reports whether an Order is only refused because a person has to decide about the attempt before: it is
// where the answer is written.
func needsDecision(refused error) bool {
	var attempt *engine.AttemptError
	return errors.As(refused, &attempt) && attempt.Attention != ""
}

func (r *Reconciler) cancel(ctx context.Context, s *scope) error {
	if s.object.Spec.Cancellation == "" || !s.order.Stoppable() {
		return nil
	}
	return r.Engine.RequestCancellation(ctx, s.id, s.order.Content.Attempt, saga.ReasonCancelledByUser)
}

func (r *Reconciler) suspend(ctx context.Context, s *scope) error {
	is, wanted := s.order.Suspended, suspended(s.object)
	switch {
	case !s.order.Stoppable():
		return nil
	case wanted && is == nil:
		return r.Engine.Suspend(ctx, s.id, s.order.Content.Attempt, saga.ReasonSuspended, time.Time{})
	case !wanted && is != nil && is.Reason == saga.ReasonSuspended:
		return r.Engine.Resume(ctx, s.id, s.order.Content.Attempt)
	}
	return nil
}

// resolve follows a person's decision. One that can't be followed is reported once, along with the status that answers
// it.
func (r *Reconciler) resolve(ctx context.Context, s *scope) error {
	decided := s.object.Spec.Resolution
	position := eventcore.Position(decided.AttentionPosition) //nolint:gosec // the API server refuses negative ones
	if position == 0 || position == s.order.Resolved {
		return nil
	}
	answered := s.object.Status.ObservedGeneration == s.object.Generation
	if answered && (s.order.Attention == nil || s.order.Attention.Position != position) {
		return nil
	}
	err := r.Engine.Resolve(ctx, s.id, engine.Resolution{
		Attention: position, Action: saga.Resolution(decided.Action),
		Reason: decided.Reason, Reference: decided.Reference, Actor: decided.Actor,
	})
	var stale *engine.StaleResolutionError
	var impossible *engine.ResolutionError
	switch {
	case !errors.As(err, &stale) && !errors.As(err, &impossible):
		return err
	case !answered:
		r.warn(s.object, reasonResolutionIgnored, "Resolve", err.Error())
	}
	return nil
}
