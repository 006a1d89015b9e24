// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"github.com/eventcore/order-operator/controllers/calls"
	"github.com/eventcore/order-operator/controllers/saga"
)

// row is one of the service's calls: what of it an order decides, and the events that it leads to.
type row struct {
	step string
	undo bool
	// begins is set where money is moved for the first time: the payment token is needed.
	begins    bool
	action    func(order saga.Order) Action
	intent    func(order saga.Order, call saga.Call, prepared string) any
	succeeded func(order saga.Order, call saga.Call, movement Movement) any
	refused   func(order saga.Order, call saga.Call, refusal *calls.Refusal) any
}

// rows are the service's calls. What gives money back comes first.
var rows = []row{
	{
		step: saga.CapturePayment, undo: true, action: giveBack,
		intent: requestedBack, succeeded: gaveBack, refused: refusedBack(saga.CapturePayment),
	},
	{
		step: saga.ProcessPayment, undo: true, action: giveBack,
		intent: requestedBack, succeeded: gaveBack, refused: refusedBack(saga.ProcessPayment),
	},
	{
		step: saga.ProcessPayment, begins: true, action: take,
		intent: func(order saga.Order, call saga.Call, prepared string) any {
			return saga.PaymentRequested{
				Call: call, Gateway: order.Content.Gateway, Amount: order.Content.Total,
				Authorize: take(order) == Authorize, Prepared: prepared,
			}
		},
		succeeded: func(order saga.Order, call saga.Call, movement Movement) any {
			return saga.PaymentProcessed{
				Generation: call.Generation, Reference: movement.Reference, Amount: movement.Amount,
				Authorized: take(order) == Authorize,
			}
		},
		refused: func(_ saga.Order, call saga.Call, refusal *calls.Refusal) any {
			return saga.PaymentFailed{Generation: call.Generation, Code: refusal.Code, Message: refusal.Message}
		},
	},
	{
		step: saga.CapturePayment, action: func(saga.Order) Action { return Capture },
		intent: func(order saga.Order, call saga.Call, _ string) any {
			return saga.CaptureRequested{Call: call, Reference: order.Charge.Reference, Amount: order.Charge.Amount}
		},
		succeeded: func(_ saga.Order, call saga.Call, movement Movement) any {
			return saga.PaymentCaptured{Generation: call.Generation, Reference: movement.Reference, Amount: movement.Amount}
		},
		refused: func(_ saga.Order, call saga.Call, refusal *calls.Refusal) any {
			return saga.PaymentFailed{
				Generation: call.Generation, Capture: true, Code: refusal.Code, Message: refusal.Message,
			}
		},
	},
}

// amounts are what an action is about.
var amounts = map[Action]func(saga.Order) saga.Money{
	Charge:    func(order saga.Order) saga.Money { return order.Content.Total },
	Authorize: func(order saga.Order) saga.Money { return order.Content.Total },
	Capture:   func(order saga.Order) saga.Money { return order.Charge.Amount },
	Void:      func(order saga.Order) saga.Money { return order.Charge.Amount },
	Refund:    func(order saga.Order) saga.Money { amount, _ := order.Back(); return amount },
}

func take(order saga.Order) Action {
	if order.Content.CaptureMode == saga.CaptureOnShipment {
		return Authorize
	}
	return Charge
}

// giveBack is the void of what was only set aside, and the refund of all else.
func giveBack(order saga.Order) Action {
	if _, void := order.Back(); void {
		return Void
	}
	return Refund
}

func requestedBack(order saga.Order, call saga.Call, _ string) any {
	action := giveBack(order)
	return saga.RefundRequested{
		Call: call, Void: action == Void, Reference: order.Charge.Reference, Amount: amounts[action](order),
	}
}

func gaveBack(order saga.Order, call saga.Call, movement Movement) any {
	if giveBack(order) == Void {
		return saga.PaymentVoided{Generation: call.Generation, Reference: movement.Reference}
	}
	return saga.PaymentRefunded{Generation: call.Generation, Reference: movement.Reference, Amount: movement.Amount}
}

func refusedBack(step string) func(saga.Order, saga.Call, *calls.Refusal) any {
	return func(order saga.Order, _ saga.Call, refusal *calls.Refusal) any {
		row := order.Flow().Step(step)
		reason := row.UndoRefused
		if giveBack(order) == Void {
			reason = row.VoidRefused
		}
		return saga.AttentionRequired{Step: step, Undo: true, Reason: reason, Message: refusal.Error()}
	}
}
