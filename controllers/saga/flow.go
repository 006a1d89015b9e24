// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package saga

import (
	"slices"
	"time"
)

// Service is one of the four services.
type Service string

// The services.
const (
	OrderService     Service = "order"
	InventoryService Service = "inventory"
	PaymentService   Service = "payment"
	ShippingService  Service = "shipping"
)

// The steps of flow 1 and their compensations.
const (
	ReserveStock   = "ReserveStock"
	ReleaseStock   = "ReleaseStock"
	ProcessPayment = "ProcessPayment"
	RefundPayment  = "RefundPayment"
	VoidPayment    = "VoidPayment"
	CreateShipment = "CreateShipment"
	CancelShipment = "CancelShipment"
	CapturePayment = "CapturePayment"
)

// The capture modes of an order.
const (
	// CaptureImmediate takes the money before the shipment is created.
	CaptureImmediate = "Immediate"
	// CaptureOnShipment sets the money aside first, and takes it once the shipment is created.
	CaptureOnShipment = "OnShipment"
)

// The reasons why an order is compensated or waits, as the Order's conditions show them.
const (
	ReasonOutOfStock        = "OutOfStock"
	ReasonPaymentDeclined   = "PaymentDeclined"
	ReasonShipmentRefused   = "ShipmentRefused"
	ReasonDeadlineExceeded  = "DeadlineExceeded"
	ReasonWaitingForProduct = "WaitingForProduct"
	ReasonWaitingForGateway = "WaitingForGateway"
	ReasonWaitingForCarrier = "WaitingForCarrier"
	ReasonWaitingForOrder   = "WaitingForOrder"
	ReasonRefundRefused     = "RefundRefused"
	ReasonCancelRefused     = "CancelRefused"
	ReasonCancelledByUser   = "CancelledByUser"
	ReasonOrderDeleted      = "OrderDeleted"
	ReasonSuspended         = "Suspended"
	ReasonCaptureRefused    = "CaptureRefused"
	ReasonOutcomeUnknown    = "OutcomeUnknown"
	ReasonVoidRefused       = "VoidRefused"
	ReasonUndoFailing       = "UndoFailing"
	ReasonCallFailing       = "CallFailing"
	ReasonShippedUnpaid     = "ShippedUnpaid"
	ReasonHappenedTwice     = "HappenedTwice"
)

// Flow is the saga as data: what is done in which order, by whom, and how it is undone. All steps come before the
// pivot, OrderCompleted: they can be undone; after it there is nothing left to fail. A shipment that has left before is
// a pivot too.
type Flow struct {
	// Version is recorded in OrderCreated: an order ends in the flow that it started in.
	Version int
	// Steps are taken in this order and undone in reverse.
	Steps []Step
	// Deadline is how long an order may take if it does not say so itself.
	Deadline time.Duration
}

// Step is one row of the table.
type Step struct {
	Name         string
	Owner        Service
	Compensation string
	// Refused is the reason of an order whose step was refused.
	Refused string
	// UndoRefused is the reason of the attention that a refused compensation needs; empty where it can't be refused.
	UndoRefused string
	// Void takes the place of Compensation where the step has only set money aside, and VoidRefused that of UndoRefused.
	Void        string
	VoidRefused string
	// CaptureMode is that of the orders which have this step, empty for all.
	CaptureMode string
	// Undoes names an earlier step of which nothing is left once this one is undone.
	Undoes string
	// Outside says that the step is a call to a provider.
	Outside bool
}

var flow1 = Flow{
	Version:  1,
	Deadline: time.Hour,
	Steps: []Step{
		{
			Name: ReserveStock, Owner: InventoryService, Compensation: ReleaseStock,
			Refused: ReasonOutOfStock,
		},
		{
			Name: ProcessPayment, Owner: PaymentService, Compensation: RefundPayment,
			Refused: ReasonPaymentDeclined, UndoRefused: ReasonRefundRefused,
			Void: VoidPayment, VoidRefused: ReasonVoidRefused, Outside: true,
		},
		{
			Name: CreateShipment, Owner: ShippingService, Compensation: CancelShipment,
			Refused: ReasonShipmentRefused, UndoRefused: ReasonCancelRefused, Outside: true,
		},
		{
			Name: CapturePayment, Owner: PaymentService, Compensation: RefundPayment,
			Refused: ReasonCaptureRefused, UndoRefused: ReasonRefundRefused,
			CaptureMode: CaptureOnShipment, Undoes: ProcessPayment, Outside: true,
		},
	},
}

// flows holds every flow that an order in some store may still be in.
var flows = map[int]*Flow{1: &flow1}

// CurrentFlow returns the flow that new orders start in.
func CurrentFlow() *Flow { return &flow1 }

// FlowOf returns the flow of the version, and false if this program does not know it.
func FlowOf(version int) (*Flow, bool) {
	flow, ok := flows[version]
	return flow, ok
}

// Index returns the place of the named step, -1 if the flow has no such step.
func (f *Flow) Index(step string) int {
	return slices.IndexFunc(f.Steps, func(s Step) bool { return s.Name == step })
}

// Step returns the row of the named step, the zero Step if the flow has no such step.
func (f *Flow) Step(name string) Step {
	i := f.Index(name)
	if i < 0 {
		return Step{}
	}
	return f.Steps[i]
}

// StepsOf returns the steps of an order of the capture mode, in their order.
func (f *Flow) StepsOf(captureMode string) []Step {
	return slices.DeleteFunc(slices.Clone(f.Steps), func(s Step) bool {
		return s.CaptureMode != "" && s.CaptureMode != captureMode
	})
}
