// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// judge has the desired status say what the checker has found. It returns false while that is not known and the status
// may say it already: what was found by a process before is not taken back.
func (r *Reconciler) judge(s *scope, desired *commercev1.OrderStatus) (known bool) {
	if r.Violation == nil || desired.Outcome == commercev1.OutcomeRejected {
		return true // what is wrong is wrong with another Order of the name
	}
	violation, known := r.Violation(s.id)
	shown := shownViolation(&s.object.Status)
	switch {
	case violation == "":
		return known || shown == nil
	case shown != nil:
		desired.Conditions = violated(s.object, desired.Conditions, violation, shown.LastTransitionTime.Time)
	default:
		desired.Conditions = violated(s.object, desired.Conditions, violation, r.Clock())
	}
	return true
}

// violated are the conditions of an order with which something is wrong that must not happen. How it has ended, if it
// has, stays said.
func violated(object *commercev1.Order, conditions []metav1.Condition, message string, at time.Time) []metav1.Condition {
	reason := commercev1.ReasonInvariantViolated
	var kept []metav1.Condition
	if end := apimeta.FindStatusCondition(conditions, commercev1.ConditionSucceeded); end != nil {
		kept = append(kept, *end)
	}
	return append(kept,
		condition(object, commercev1.ConditionReady, metav1.ConditionFalse, reason, message, at),
		condition(object, commercev1.ConditionStalled, metav1.ConditionTrue, reason, message, at),
	)
}

// shownViolation returns the condition that tells of a violation, nil if there is none.
func shownViolation(status *commercev1.OrderStatus) *metav1.Condition {
	stalled := apimeta.FindStatusCondition(status.Conditions, commercev1.ConditionStalled)
	if stalled == nil || stalled.Reason != commercev1.ReasonInvariantViolated {
		return nil
	}
	return stalled
}
