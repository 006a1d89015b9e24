// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga_test

import "github.com/eventcore/order-operator/controllers/saga"

// outside is a step or a compensation that leaves the house.
type outside struct {
	step      string
	undo      bool
	intent    func(saga.Call, saga.Order) any
	succeeded func(generation int, order saga.Order) any
	refused   func(generation int) any
}

// The outsides, by their place in the table.
const (
	taking = iota
	givingBack
	shipping
	unshipping
	capturing
	refunding
)

var outsides = []outside{
	taking: {
		step:   saga.ProcessPayment,
		intent: func(c saga.Call, _ saga.Order) any { return saga.PaymentRequested{Call: c, Amount: created.Total} },
		succeeded: func(g int, o saga.Order) any {
			return saga.PaymentProcessed{
				Generation: g, Reference: "ch", Amount: created.Total,
				Authorized: o.Content.CaptureMode == saga.CaptureOnShipment,
			}
		},
		refused: func(g int) any { return saga.PaymentFailed{Generation: g} },
	},
	givingBack: {
		step: saga.ProcessPayment, undo: true,
		intent: func(c saga.Call, o saga.Order) any {
			amount, void := o.Back()
			return saga.RefundRequested{Call: c, Amount: amount, Void: void}
		},
		succeeded: func(g int, o saga.Order) any {
			amount, void := o.Back()
			if void {
				return saga.PaymentVoided{Generation: g}
			}
			return saga.PaymentRefunded{Generation: g, Amount: amount}
		},
		refused: func(int) any { return noRefund },
	},
	shipping: {
		step:      saga.CreateShipment,
		intent:    func(c saga.Call, _ saga.Order) any { return saga.ShipmentRequested{Call: c} },
		succeeded: func(g int, _ saga.Order) any { return saga.ShipmentCreated{Generation: g, Reference: "sh"} },
		refused:   func(g int) any { return saga.ShipmentFailed{Generation: g} },
	},
	unshipping: {
		step: saga.CreateShipment, undo: true,
		intent:    func(c saga.Call, _ saga.Order) any { return saga.ShipmentCancelRequested{Call: c} },
		succeeded: func(g int, _ saga.Order) any { return saga.ShipmentCancelled{Generation: g} },
		refused: func(int) any {
			return saga.AttentionRequired{Step: saga.CreateShipment, Undo: true, Reason: saga.ReasonCancelRefused}
		},
	},
	capturing: {
		step:      saga.CapturePayment,
		intent:    func(c saga.Call, _ saga.Order) any { return saga.CaptureRequested{Call: c, Amount: created.Total} },
		succeeded: func(g int, _ saga.Order) any { return saga.PaymentCaptured{Generation: g, Amount: created.Total} },
		refused:   func(g int) any { return saga.PaymentFailed{Generation: g, Capture: true} },
	},
	refunding: {
		step: saga.CapturePayment, undo: true,
		intent: func(c saga.Call, o saga.Order) any {
			amount, _ := o.Back()
			return saga.RefundRequested{Call: c, Amount: amount}
		},
		succeeded: func(g int, o saga.Order) any {
			amount, _ := o.Back()
			return saga.PaymentRefunded{Generation: g, Amount: amount}
		},
		refused: func(int) any {
			return saga.AttentionRequired{Step: saga.CapturePayment, Undo: true, Reason: saga.ReasonRefundRefused}
		},
	},
}
