// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import "slices"

// asks follows what a person has to decide about the order: the question goes when it is answered, as it does in the
// fold.
func (row *OpenOrder) asks(payload any) {
	switch payload := payload.(type) {
	case AttentionRequired:
		row.Attention = &payload
	case AttentionResolved:
		row.Attention = nil
	default:
		if row.Attention != nil && answerOf(payload).closes(*row.Attention) {
			row.Attention = nil
		}
	}
}

// answer is what an event says about the call of a step, or of its compensation: the zero answer says nothing.
type answer struct {
	steps []string
	undo  bool
	// reason limits the answer to one question.
	reason string
}

func (a answer) closes(asked AttentionRequired) bool {
	return slices.Contains(a.steps, asked.Step) && a.undo == asked.Undo && asked.Reason != ReasonHappenedTwice &&
		(a.reason == "" || a.reason == asked.Reason)
}

// answerOf returns what the outcome of a call answers.
func answerOf(payload any) answer {
	switch payload := payload.(type) {
	case PaymentProcessed:
		return answer{steps: []string{ProcessPayment}}
	case PaymentFailed:
		if payload.Capture {
			return answer{steps: []string{CapturePayment}}
		}
		return answer{steps: []string{ProcessPayment}}
	case PaymentCaptured:
		return answer{steps: []string{CapturePayment}}
	case PaymentVoided, PaymentRefunded:
		return answer{steps: []string{ProcessPayment, CapturePayment}, undo: true}
	case ShipmentCreated, ShipmentFailed:
		return answer{steps: []string{CreateShipment}}
	case ShipmentCancelled, OrderShipped:
		return answer{steps: []string{CreateShipment}, undo: true}
	}
	return answerOfStep(payload)
}

// answerOfStep is answerOf for the events that belong to any step.
func answerOfStep(payload any) answer {
	switch payload := payload.(type) {
	case StepRetryScheduled:
		if payload.Fenced {
			return answer{steps: []string{payload.Step}, undo: payload.Undo, reason: ReasonOutcomeUnknown}
		}
	case StepEvent:
		if change := payload.StepChange(); change.Result == StepSucceeded || change.Result == StepRefused {
			return answer{steps: []string{change.Step}, undo: change.Undo}
		}
	}
	return answer{}
}
