// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package order

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/order/engine"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// maxMessage is how long a message in a status may be, in bytes: statuses are what the API server is paid for.
const maxMessage = 128

// Project returns the status of the object. It depends on nothing but the arguments, of which the order is the fold of its events: a
// lost status is made anew just so. taken is set when the name belongs to an order with other content.
func Project(object *commercev1.Order, order saga.Order, identity eventcore.Identity, taken *engine.NameTakenError) commercev1.OrderStatus {
	status := commercev1.OrderStatus{
		ObservedGeneration: object.Generation,
		History: commercev1.History{
			StoreID: identity.StoreID.String(), Epoch: identity.Epoch, Position: int64(order.Position), //nolint:gosec // it counts up from 1
		},
	}
	if taken != nil {
		status.Outcome = commercev1.OutcomeRejected
		status.CompletionTime = object.CreationTimestamp.DeepCopy()
		status.Conditions = failed(object, commercev1.ReasonNameTaken, taken.Error(), object.CreationTimestamp.Time)
		return status
	}
	status.Outcome = commercev1.OrderOutcome(order.Outcome)
	status.StartTime = seconds(order.CreatedAt)
	status.CompletionTime = seconds(order.FinishedAt)
	status.Total = order.Content.Total.String()
	status.Charged = order.Captured().String()
	status.Refunded = order.Refunded.String()
	if order.Charge.Reference != "" {
		status.Payment.Reference = order.Charge.Reference
	}
	if order.Shipment.Reference != "" {
		status.Shipment = commercev1.OrderShipmentStatus{
			Reference: order.Shipment.Reference, TrackingNumber: order.Shipment.TrackingNumber,
		}
	}
	status.Steps = steps(order)
	status.Conditions = conditions(object, order)
	return status
}

func steps(order saga.Order) []commercev1.OrderStep {
	steps := make([]commercev1.OrderStep, 0, len(order.Steps))
	for i := range order.Steps {
		s := &order.Steps[i]
		step := commercev1.OrderStep{
			Name:            s.Name,
			State:           commercev1.OrderStepState(s.State),
			Attempts:        int32(min(s.Forward.Tries, math.MaxInt32)), //nolint:gosec // bounded
			NextAttemptTime: seconds(nextAttempt(order, s)),
			Message:         cut(s.Message),
		}
		if s.State != saga.Pending {
			step.LastTransitionTime = new(metav1.NewMicroTime(s.Since))
		}
		if s.Waiting != nil {
			step.Message = cut("Waiting for " + waitingFor(*s.Waiting))
		}
		steps = append(steps, step)
	}
	return steps
}

func nextAttempt(order saga.Order, s *saga.StepStatus) time.Time {
	if order.Compensating {
		return s.Undo.NotBefore
	}
	return s.Forward.NotBefore
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

func stalled(status *commercev1.OrderStatus) bool {
	return apimeta.IsStatusConditionTrue(status.Conditions, commercev1.ConditionStalled)
}
