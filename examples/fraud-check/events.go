// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package fraud

import "github.com/eventcore/order-operator/controllers/saga"

// CheckRequested is the intent to ask.
type CheckRequested struct {
	Call saga.Call `json:"call"`
}

// StepChange implements saga.StepEvent.
func (e CheckRequested) StepChange() saga.StepChange {
	return saga.StepChange{Step: CheckFraud, Result: saga.StepRequested, Call: e.Call}
}

// CheckPassed says that the order may be paid.
type CheckPassed struct {
	Generation int `json:"generation"`
	// Score is what the checker thinks of the order, from 0 to 100.
	Score int `json:"score"`
}

// StepChange implements saga.StepEvent.
func (e CheckPassed) StepChange() saga.StepChange {
	return saga.StepChange{Step: CheckFraud, Result: saga.StepSucceeded, Generation: e.Generation}
}

// CheckFailed says that the order smells of fraud.
type CheckFailed struct {
	Generation int    `json:"generation"`
	Code       string `json:"code"`
	Message    string `json:"message,omitzero"`
}

// StepChange implements saga.StepEvent.
func (e CheckFailed) StepChange() saga.StepChange {
	return saga.StepChange{Step: CheckFraud, Result: saga.StepRefused, Message: e.Message + " (" + e.Code + ")"}
}
