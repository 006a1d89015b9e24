// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// Reasons of warnings that no condition shows.
const (
	reasonResolutionIgnored = "ResolutionIgnored"
	reasonOrderMissing      = "OrderMissing"
)

// announce warns of an order that has failed, needs a person or violates an invariant, as its new status says. All else is told by the status
// alone: an event costs the API server as much as a write of it.
func (r *Reconciler) announce(before, after *commercev1.Order) {
	was, is := &before.Status, &after.Status
	ended := is.Outcome != was.Outcome && is.Outcome != ""
	asked := is.Attention.Position != was.Attention.Position && is.Attention.Position != 0
	found := shownViolation(is) != nil && shownViolation(was) == nil
	if !stalled(is) || !ended && !asked && !found {
		return
	}
	action := "End"
	switch {
	case found:
		action = "Check"
	case asked:
		action = "Ask"
	}
	ready := apimeta.FindStatusCondition(is.Conditions, commercev1.ConditionReady)
	r.warn(after, ready.Reason, action, ready.Message)
}

func (r *Reconciler) warn(object *commercev1.Order, reason, action, message string) {
	r.Recorder.Eventf(object, nil, corev1.EventTypeWarning, reason, action, "%s", message)
}
