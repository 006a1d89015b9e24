// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"

	commercev1 "github.com/eventcore/order-operator/api/v1"
)

// scene is a part of the play: orders that are applied together, and how they must end.
type scene struct {
	title string
	// again deletes the orders first: they are applied once more.
	again bool
	// kill has the operator killed between the charge of the scene's only order and its record.
	kill   bool
	orders []expectation
}

// expectation is how an order must end.
type expectation struct {
	// file is relative to the repository.
	file, name string
	outcome    commercev1.OrderOutcome
	// reason is that of the condition Ready.
	reason            string
	charged, refunded string
	// says is part of the message of the condition Ready.
	says string
}

var (
	samples = filepath.Join("config", "samples")
	own     = filepath.Join("hack", "demo", "orders")
)

// warehouse are the files that are applied first.
var warehouse = []string{filepath.Join(samples, "gateway-and-carrier.yaml"), filepath.Join(samples, "products.yaml")}

var scenes = []scene{
	{
		title:  "order-001: one laptop and two mice",
		orders: []expectation{completed("order-001", "1500.00")},
	},
	{
		title:  "order-002: a hundred laptops, of which nine are left",
		orders: []expectation{cancelled("order-002", commercev1.ReasonOutOfStock, "0.00", "laptop-001: 100 ordered, 9 available")},
	},
	{
		title: "order-001, deleted and applied again: the same order is not charged twice",
		again: true,
		orders: []expectation{{
			file: filepath.Join(samples, "order-001.yaml"), name: "order-001", outcome: commercev1.OutcomeCompleted,
			reason: commercev1.ReasonCompleted, charged: "1500.00", refunded: "0.00", says: "nothing was charged again",
		}},
	},
	{
		title: "order-001, deleted and applied again with other items: the name is taken",
		again: true,
		orders: []expectation{{
			file: filepath.Join(own, "order-001-other-items.yaml"), name: "order-001", outcome: commercev1.OutcomeRejected,
			reason: commercev1.ReasonNameTaken, says: "spec.items",
		}},
	},
	{
		title: "refusals: a declined card, too little money, and a carrier that does not deliver there",
		orders: []expectation{
			cancelled("order-003-declined", commercev1.ReasonPaymentDeclined, "0.00", "declined"),
			cancelled("order-007-insufficient-funds", commercev1.ReasonPaymentDeclined, "0.00", "funds"),
			cancelled("order-006-shipment-refused", commercev1.ReasonShipmentRefused, "150.00", "address"),
		},
	},
	{
		title: "failures: lost answers, a slow gateway, and one that works the third time only",
		orders: []expectation{
			completed("order-004-lost-reply", "150.00"),
			completed("order-005-slow", "150.00"),
			completed("order-008-flaky", "80.00"),
			completed("order-009-shipment-lost", "80.00"),
		},
	},
	{
		title: "a crash: the operator is killed after the gateway has taken the money, and before it has written that down",
		kill:  true,
		orders: []expectation{{
			file: filepath.Join(own, "order-010-killed.yaml"), name: "order-010-killed", outcome: commercev1.OutcomeCompleted,
			reason: commercev1.ReasonCompleted, charged: "230.00", refunded: "0.00", says: "Paid",
		}},
	},
}

// shownHistory is the order whose history is shown at the end.
const shownHistory = "order-010-killed"

// completed is a sample that is paid and shipped.
func completed(name, charged string) expectation {
	return expectation{
		file: filepath.Join(samples, name+".yaml"), name: name, outcome: commercev1.OutcomeCompleted,
		reason: commercev1.ReasonCompleted, charged: charged, refunded: "0.00", says: "Paid",
	}
}

// cancelled is a sample of which nothing is left: whatever was charged is refunded.
func cancelled(name, reason, charged, says string) expectation {
	return expectation{
		file: filepath.Join(samples, name+".yaml"), name: name, outcome: commercev1.OutcomeCancelled,
		reason: reason, charged: charged, refunded: charged, says: says,
	}
}
