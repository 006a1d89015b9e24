// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// conditions returns the conditions of an order, row by row as the documentation of Order lists them.
func conditions(object *commercev1.Order, order saga.Order) []metav1.Condition {
	switch {
	case order.Outcome == saga.Completed:
		return succeeded(object, completedMessage(object, order), order.FinishedAt)
	case order.Attention != nil:
		return needsAttention(object, order.Attention, order)
	case order.Outcome == saga.Cancelled:
		return failed(object, order.Reason, order.Message, order.FinishedAt)
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

func failed(object *commercev1.Order, reason, message string, at time.Time) []metav1.Condition {
	return []metav1.Condition{
		condition(object, commercev1.ConditionSucceeded, metav1.ConditionFalse, reason, message, at),
		condition(object, commercev1.ConditionReady, metav1.ConditionFalse, reason, message, at),
		condition(object, commercev1.ConditionStalled, metav1.ConditionTrue, reason, message, at),
	}
}

func needsAttention(object *commercev1.Order, attention *saga.Attention, order saga.Order) []metav1.Condition {
	message := fmt.Sprintf("%s: %s", attention.Reason, attention.Message)
	at := order.Step(attention.Step).Since
	return []metav1.Condition{
		condition(object, commercev1.ConditionReady, metav1.ConditionFalse, commercev1.ReasonNeedsAttention, message, at),
		condition(object, commercev1.ConditionStalled, metav1.ConditionTrue, commercev1.ReasonNeedsAttention, message, at),
	}
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

// completedMessage tells a user who has applied a finished order again that nothing happened to it.
func completedMessage(object *commercev1.Order, order saga.Order) string {
	if string(object.UID) == order.Content.UID {
		return "Paid and released to the carrier"
	}
	return fmt.Sprintf("Fulfilled on %s by an earlier order of this name; nothing was charged again. New order: new name",
		order.FinishedAt.UTC().Format(time.DateOnly))
}

// progress returns why an order is not ready yet.
func progress(order saga.Order) (reason, message string) {
	if order.Compensating {
		return commercev1.ReasonCompensating, "Undoing what was done: " + order.Reason
	}
	for i := range order.Steps {
		if s := &order.Steps[i]; s.State != saga.Succeeded {
			return stepProgress(s)
		}
	}
	return commercev1.ReasonCompleting, "Every step has succeeded"
}

func stepProgress(s *saga.StepStatus) (reason, message string) {
	switch {
	case s.Waiting != nil:
		return s.Waiting.Reason, "Waiting for " + waitingFor(*s.Waiting)
	case s.State == saga.Unknown:
		return commercev1.ReasonOutcomeUnknown, s.Message
	case !s.Forward.NotBefore.IsZero():
		return commercev1.ReasonRetryScheduled, fmt.Sprintf("%s: %s; next attempt at %s",
			s.Name, s.Message, s.Forward.NotBefore.UTC().Format(time.TimeOnly))
	}
	return stepReasons[s.Name], stepMessages[s.Name]
}

var stepReasons = map[string]string{
	saga.ReserveStock:   commercev1.ReasonReservingStock,
	saga.ProcessPayment: commercev1.ReasonProcessingPayment,
	saga.CreateShipment: commercev1.ReasonCreatingShipment,
}

var stepMessages = map[string]string{
	saga.ReserveStock:   "Reserving the stock of all items",
	saga.ProcessPayment: "Asking the payment gateway for the money",
	saga.CreateShipment: "Asking the carrier for the shipment",
}

// waitingFor names the object that a step waits for as kubectl would.
func waitingFor(waiting saga.StepWaiting) string {
	switch waiting.Reason {
	case saga.ReasonWaitingForProduct:
		return "product/" + waiting.Name
	case saga.ReasonWaitingForGateway:
		return "paymentgateway/" + waiting.Name
	case saga.ReasonWaitingForCarrier:
		return "carrier/" + waiting.Name
	}
	return "order/" + waiting.Name
}
