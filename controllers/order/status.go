// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"errors"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// maxMessage is how long a message in a status may be, in bytes: statuses are what the API server is paid for.
const maxMessage = 128

// Project returns the status of the object. It depends on nothing but the arguments, of which the order is the fold of its events: a
// lost status is made anew just so. refused says why the object is not carried out, a *engine.NameTakenError or a
// *engine.AttemptError or ErrRestored; it is nil if it is.
func Project(object *commercev1.Order, order saga.Order, identity eventcore.Identity, refused error) commercev1.OrderStatus {
	if errors.Is(refused, ErrRestored) {
		return restoredStatus(object)
	}
	status := commercev1.OrderStatus{
		ObservedGeneration: object.Generation,
		History: commercev1.History{
			StoreID: identity.StoreID.String(), Epoch: identity.Epoch, Position: int64(order.Position), //nolint:gosec // it counts up from 1
		},
	}
	if rejected(object, order, refused) {
		status.Outcome = commercev1.OutcomeRejected
		status.CompletionTime = object.CreationTimestamp.DeepCopy()
		status.Conditions = failed(object, commercev1.ReasonNameTaken, refused.Error(), object.CreationTimestamp.Time)
		return status
	}
	status.Attempt = atMost32(order.Content.Attempt)
	status.Attention = attention(order)
	if refused != nil && !overtaken(refused) {
		status.Conditions = waitingForAttempt(object, order, refused)
		return status
	}
	status.Outcome = commercev1.OrderOutcome(order.Outcome)
	status.StartTime = seconds(order.CreatedAt)
	status.CompletionTime = seconds(order.FinishedAt)
	status.Total = order.Content.Total.String()
	status.Charged = order.Captured().String()
	status.Refunded = order.Refunded.String()
	status.Payment.Reference = order.Charge.Reference
	status.Shipment = commercev1.OrderShipmentStatus{
		Reference: order.Shipment.Reference, TrackingNumber: order.Shipment.TrackingNumber,
	}
	status.Steps = steps(order)
	status.Conditions = conditions(object, order)
	return status
}

// restoredStatus is the status of an Order that has no history here, or not any more.
func restoredStatus(object *commercev1.Order) commercev1.OrderStatus {
	return commercev1.OrderStatus{
		ObservedGeneration: object.Generation,
		History:            object.Status.History, // the API server would not let go of it
		Conditions:         reconciling(object, commercev1.ReasonSuspended, ErrRestored.Error(), object.CreationTimestamp.Time),
	}
}

// rejected reports whether the object will never be carried out as it is. An attempt after one that was completed won't; one
// after an attempt that has not ended yet will.
func rejected(object *commercev1.Order, order saga.Order, refused error) bool {
	var taken *engine.NameTakenError
	var attempt *engine.AttemptError
	switch {
	case errors.As(refused, &taken):
		return true
	case errors.As(refused, &attempt):
		return overtaken(refused) && !order.Accepted(string(object.UID))
	}
	return false
}

// overtaken reports whether the attempt that the object wants will never begin, because the one on record was completed:
// spec.attempt was raised once more before the status showed that its attempt was under way. The object then shows what it
// has come to.
func overtaken(refused error) bool {
	var attempt *engine.AttemptError
	return errors.As(refused, &attempt) && attempt.Outcome == saga.Completed
}

func attention(order saga.Order) commercev1.OrderAttention {
	a := order.Attention
	if a == nil {
		return commercev1.OrderAttention{}
	}
	return commercev1.OrderAttention{
		Position:  int64(a.Position), //nolint:gosec // it counts up from 1
		Operation: operation(order, a.Step, a.Undo), Reason: a.Reason, Message: cut(a.Message),
		StartTime: seconds(a.Since), NextAttemptTime: seconds(a.NotBefore),
	}
}

func steps(order saga.Order) []commercev1.OrderStep {
	steps := make([]commercev1.OrderStep, 0, len(order.Steps))
	for i := range order.Steps {
		s := &order.Steps[i]
		step := commercev1.OrderStep{
			Name:            s.Name,
			State:           commercev1.OrderStepState(s.State),
			Attempts:        atMost32(s.Forward.Tries),
			NextAttemptTime: seconds(nextAttempt(order, s)),
			Message:         cut(s.Message),
		}
		if s.State != saga.Pending {
			step.LastTransitionTime = new(metav1.NewMicroTime(s.Since))
		}
		if s.State == saga.Undoing || s.State == saga.Undone || s.Undo.Tries > 0 {
			step.Compensation = commercev1.OrderStepCompensation{
				Name: operation(order, s.Name, true), Attempts: atMost32(s.Undo.Tries),
			}
		}
		if s.Waiting != nil {
			step.Message = cut("Waiting for " + waitingFor(*s.Waiting))
		}
		steps = append(steps, step)
	}
	return steps
}

func nextAttempt(order saga.Order, s *saga.StepStatus) time.Time {
	if order.Compensating && s.State != saga.Unknown {
		return s.Undo.NotBefore
	}
	return s.Forward.NotBefore
}

// operation is the name of the step, or of what undoes it: an authorisation is voided, and all other money refunded.
func operation(order saga.Order, step string, undo bool) string {
	flow := order.Flow()
	if !undo || flow == nil {
		return step
	}
	row := flow.Step(step)
	if _, void := order.Back(); void && row.Void != "" {
		return row.Void
	}
	return row.Compensation
}

func atMost32(number int) int32 {
	return int32(min(number, math.MaxInt32)) //nolint:gosec // bounded
}

// seconds returns a time as an API object holds it, nil for the zero time.
func seconds(at time.Time) *metav1.Time {
	if at.IsZero() {
		return nil
	}
	return new(metav1.NewTime(at.UTC().Truncate(time.Second)))
}

// cut shortens a message to maxMessage bytes of whole characters, and drops what would disturb a terminal.
func cut(message string) string {
	message = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(message, "?"))
	if len(message) <= maxMessage {
		return message
	}
	end := maxMessage - len("…")
	for !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end] + "…"
}

// equal compares two statuses as the API server stores them.
func equal(a, b *commercev1.OrderStatus) bool { return apiequality.Semantic.DeepEqual(a, b) }
