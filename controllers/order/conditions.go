// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// conditions returns the conditions of an order, row by row as the documentation of Order lists them.
func conditions(object *commercev1.Order, order saga.Order) []metav1.Condition {
	switch {
	case order.Attention != nil:
		return needsAttention(object, order)
	case order.Outcome == saga.Completed:
		return succeeded(object, completedMessage(object, order), order.FinishedAt)
	case order.Outcome == saga.Cancelled && order.Reason == saga.ReasonCancelledByUser:
		return calledOff(object, cancelledMessage(object, order), order.FinishedAt)
	case order.Outcome == saga.Cancelled:
		return failed(object, order.Reason, cancelledMessage(object, order), order.FinishedAt)
	}
	reason, message := progress(order)
	return reconciling(object, reason, message, order.CreatedAt)
}

func succeeded(object *commercev1.Order, message string, at time.Time) []metav1.Condition {
	return []metav1.Condition{
		condition(object, commercev1.ConditionSucceeded, metav1.ConditionTrue, commercev1.ReasonCompleted, message, at),
		condition(object, commercev1.ConditionReady, metav1.ConditionTrue, commercev1.ReasonCompleted, message, at),
	}
}

// calledOff are the conditions of an order that is as its user wants it: cancelled.
func calledOff(object *commercev1.Order, message string, at time.Time) []metav1.Condition {
	reason := commercev1.ReasonCancelledByUser
	return []metav1.Condition{
		condition(object, commercev1.ConditionSucceeded, metav1.ConditionFalse, reason, message, at),
		condition(object, commercev1.ConditionReady, metav1.ConditionTrue, reason, message, at),
	}
}

func failed(object *commercev1.Order, reason, message string, at time.Time) []metav1.Condition {
	return []metav1.Condition{
		condition(object, commercev1.ConditionSucceeded, metav1.ConditionFalse, reason, message, at),
		condition(object, commercev1.ConditionReady, metav1.ConditionFalse, reason, message, at),
		condition(object, commercev1.ConditionStalled, metav1.ConditionTrue, reason, message, at),
	}
}

// needsAttention are the conditions of an order that a person has to decide about. One that had ended before, such as an
// order of which a charge has come to light, stays so.
func needsAttention(object *commercev1.Order, order saga.Order) []metav1.Condition {
	message, at := attentionMessage(order), order.Attention.Since
	asked := []metav1.Condition{
		condition(object, commercev1.ConditionReady, metav1.ConditionFalse, commercev1.ReasonNeedsAttention, message, at),
		condition(object, commercev1.ConditionStalled, metav1.ConditionTrue, commercev1.ReasonNeedsAttention, message, at),
	}
	switch order.Outcome {
	case saga.Completed:
		return append(succeeded(object, completedMessage(object, order), order.FinishedAt)[:1], asked...)
	case saga.Cancelled:
		return append(failed(object, order.Reason, cancelledMessage(object, order), order.FinishedAt)[:1], asked...)
	}
	return asked
}

// waitingForAttempt are the conditions of an Order that wants another attempt before the one on record is over.
func waitingForAttempt(object *commercev1.Order, order saga.Order, refused error) []metav1.Condition {
	at := object.CreationTimestamp.Time
	if order.Attention != nil {
		return []metav1.Condition{
			condition(object, commercev1.ConditionReady, metav1.ConditionFalse, commercev1.ReasonNeedsAttention, refused.Error(), at),
			condition(object, commercev1.ConditionStalled, metav1.ConditionTrue, commercev1.ReasonNeedsAttention, refused.Error(), at),
		}
	}
	return reconciling(object, commercev1.ReasonWaitingForEarlierAttempt, refused.Error(), at)
}

func reconciling(object *commercev1.Order, reason, message string, at time.Time) []metav1.Condition {
	return []metav1.Condition{
		condition(object, commercev1.ConditionReady, metav1.ConditionFalse, reason, message, at),
		condition(object, commercev1.ConditionReconciling, metav1.ConditionTrue, reason, message, at),
	}
}

func condition(object *commercev1.Order, kind string, status metav1.ConditionStatus, reason, message string, at time.Time) metav1.Condition {
	return metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: cut(message),
		ObservedGeneration: object.Generation, LastTransitionTime: metav1.NewTime(at.UTC().Truncate(time.Second)),
	}
}
