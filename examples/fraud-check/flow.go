// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fraud adds a fifth service to the saga: a fraud check between the reservation and the payment, as flow 2.
// Orders of flow 1 end as they began. docs/extending.md explains it.
package fraud

import (
	"slices"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Service owns the step CheckFraud. An order that it refuses is cancelled for ReasonFraudSuspected.
const (
	Service              = saga.Service("fraud")
	CheckFraud           = "CheckFraud"
	ReasonFraudSuspected = "FraudSuspected"
)

// Flow is flow 1 and the fraud check.
var Flow = saga.Register(flow2(),
	eventcore.Type[CheckRequested]("FraudCheckRequested", 1),
	eventcore.Type[CheckPassed]("FraudCheckPassed", 1),
	eventcore.Type[CheckFailed]("FraudCheckFailed", 1),
)

func flow2() saga.Flow {
	flow1, _ := saga.FlowOf(1)
	check := saga.Step{Name: CheckFraud, Owner: Service, Refused: ReasonFraudSuspected, Outside: true}
	after := flow1.Index(saga.ReserveStock) + 1
	return saga.Flow{
		Version:  2,
		Deadline: flow1.Deadline,
		Steps:    slices.Insert(slices.Clone(flow1.Steps), after, check),
	}
}
