// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"cmp"
	"fmt"
	"time"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/saga"
)

// What a shopkeeper is told of an order, by reason or by step. An order's own message says more.
var (
	endings = map[string]string{
		saga.ReasonOutOfStock:      "Not enough stock",
		saga.ReasonPaymentDeclined: "The payment was refused",
		saga.ReasonShipmentRefused: "The carrier refused the shipment",
		saga.ReasonCaptureRefused:  "The money set aside was not paid out",
	}
	stepReasons = map[string]string{
		saga.ReserveStock:   commercev1.ReasonReservingStock,
		saga.ProcessPayment: commercev1.ReasonProcessingPayment,
		saga.CreateShipment: commercev1.ReasonCreatingShipment,
		saga.CapturePayment: commercev1.ReasonCapturingPayment,
	}
	stepMessages = map[string]string{
		saga.ReserveStock:   "Reserving the stock of all items",
		saga.ProcessPayment: "Asking the payment gateway for the money",
		saga.CreateShipment: "Asking the carrier for the shipment",
		saga.CapturePayment: "Asking the payment gateway for the money that it has set aside",
	}
	undoMessages = map[string]string{
		saga.ReleaseStock:   "Releasing the stock",
		saga.RefundPayment:  "Refunding the payment",
		saga.VoidPayment:    "Giving back the money set aside",
		saga.CancelShipment: "Cancelling the shipment",
	}
)

// completedMessage tells a user who has applied a finished order again that nothing happened to it.
func completedMessage(object *commercev1.Order, order saga.Order) string {
	latest := order.Content.Attempt
	switch {
	case order.Content.UID != string(object.UID):
	case int(object.Spec.Attempt) > latest:
		return fmt.Sprintf("Paid and released to the carrier as attempt %d: attempt %d is not begun. New order: new name",
			latest, object.Spec.Attempt)
	default:
		return "Paid and released to the carrier"
	}
	return fmt.Sprintf("Fulfilled on %s by an earlier order of this name; nothing was charged again. New order: new name",
		order.FinishedAt.UTC().Format(time.DateOnly))
}

// cancelledMessage tells why the order was cancelled, and a user who has applied it again how it starts anew.
func cancelledMessage(object *commercev1.Order, order saga.Order) string {
	if order.Content.UID != string(object.UID) {
		return fmt.Sprintf("Cancelled on %s (%s) as an earlier order of this name. Again: new name, or spec.attempt %d",
			order.FinishedAt.UTC().Format(time.DateOnly), order.Reason, order.Content.Attempt+1)
	}
	message := because(order)
	if order.Refunded.Minor > 0 {
		message += fmt.Sprintf("; %s %s was refunded", order.Refunded, order.Refunded.Currency)
	}
	return message
}

// because tells why an order has turned round.
func because(order saga.Order) string {
	ending, ok := endings[order.Reason]
	switch {
	case !ok:
		return order.Message
	case order.Message == "":
		return ending
	}
	return ending + ": " + order.Message
}

func attentionMessage(order saga.Order) string {
	a := order.Attention
	message := fmt.Sprintf("%s needs a decision (%s)", operation(order, a.Step, a.Undo), a.Reason)
	if a.Message != "" {
		message += ": " + a.Message
	}
	return message
}

// progress returns why an order is not ready yet.
func progress(order saga.Order) (reason, message string) {
	switch {
	case order.Compensating:
		return commercev1.ReasonCompensating, compensating(order)
	case order.Suspended != nil:
		return commercev1.ReasonSuspended, suspension(order)
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
		return commercev1.ReasonOutcomeUnknown, s.Message + again(s.Forward.NotBefore)
	case !s.Forward.NotBefore.IsZero():
		return commercev1.ReasonRetryScheduled, s.Name + ": " + s.Message + again(s.Forward.NotBefore)
	}
	// A step of a program's own flow speaks for itself.
	return cmp.Or(stepReasons[s.Name], s.Name), cmp.Or(stepMessages[s.Name], "The step "+s.Name+" is under way")
}

// compensating tells what is being undone, or waited for, and then why: the end of a long message is cut off.
func compensating(order saga.Order) string {
	message := "Undoing what was done"
	for i := len(order.Steps) - 1; i >= 0; i-- {
		s := &order.Steps[i]
		if s.Forward.Unsettled {
			message = "Finding out what became of " + s.Name + againOrWaiting(s, s.Forward.NotBefore)
			break
		}
		if !s.Harmless && (s.State == saga.Succeeded || s.State == saga.Undoing) {
			if words, ok := undoMessages[operation(order, s.Name, true)]; ok {
				message = words
			}
			message += againOrWaiting(s, s.Undo.NotBefore)
			break
		}
	}
	return message + ". " + because(order)
}

func suspension(order saga.Order) string {
	if at := order.Suspended.CancelAt; !at.IsZero() {
		return "The Order was deleted; unless it is created again, it is cancelled at " + clockTime(at)
	}
	return "Suspended until spec.suspend is false; cancelled at its deadline, " + clockTime(order.Content.Deadline)
}

// again tells when something is tried again, and nothing if that is not known.
func again(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return "; next attempt at " + clockTime(at)
}

// againOrWaiting tells what a step waits for, or else when it is tried again.
func againOrWaiting(s *saga.StepStatus, at time.Time) string {
	if s.Waiting != nil {
		return ", waiting for " + waitingFor(*s.Waiting)
	}
	return again(at)
}

func clockTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// waitingFor names the object that a step waits for as kubectl would.
func waitingFor(waiting saga.StepWaiting) string {
	switch waiting.Reason {
	case saga.ReasonWaitingForProduct:
		return "product/" + waiting.Name
	case saga.ReasonWaitingForGateway:
		return "paymentgateway/" + waiting.Name
	case saga.ReasonWaitingForCarrier:
		return "carrier/" + waiting.Name
	case saga.ReasonGatewayUnavailable:
		return "paymentgateway/" + waiting.Name + ", which has failed or is busy"
	case saga.ReasonCarrierUnavailable:
		return "carrier/" + waiting.Name + ", which has failed or is busy"
	}
	return "order/" + waiting.Name
}
