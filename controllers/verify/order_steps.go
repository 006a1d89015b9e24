// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"slices"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
)

func (v *visit) reserve(payload saga.StockReserved) {
	a := v.account
	v.forward(saga.ReserveStock, "stock was reserved")
	v.demand(a.Reserved == 0, ReservedOnce, at(a.Reserved, v.position()), "its stock was reserved twice")
	v.demand(sameLines(payload.Lines, a.Lines), ReservationOfOrder, at(v.position()),
		"other goods were reserved than were ordered")
	a.Reserved, a.Waiting = v.position(), false
}

func (v *visit) release(payload saga.StockReservationReleased) {
	a := v.account
	v.undo("its stock was released")
	v.demand(a.Reserved != 0, CompensateOnlyDone, at(v.position()), "stock was released that was not reserved for it")
	v.demand(sameLines(payload.Lines, a.Lines), ReservationOfOrder, at(v.position()),
		"other goods were released than were reserved for it")
	v.demand(!a.holdsMoney() && a.Shipped == 0, CompensateInReverse, at(a.Charged, a.Shipped, v.position()),
		"its stock was released before its money was given back and its shipment cancelled")
	v.noneOpen("its stock was released", charge, capture, ship)
	a.Reserved = 0
}

func sameLines(one, other []saga.StockLine) bool {
	return slices.Equal(byProduct(one), byProduct(other))
}

func byProduct(lines []saga.StockLine) []saga.StockLine {
	return slices.SortedFunc(slices.Values(lines), func(a, b saga.StockLine) int {
		return cmp.Or(strings.Compare(a.Product, b.Product), cmp.Compare(a.Quantity, b.Quantity))
	})
}

func (v *visit) requestPayment(payload saga.PaymentRequested) {
	a := v.account
	v.forward(saga.ProcessPayment, "payment was requested")
	v.demand(a.Reserved != 0, PredecessorFirst, at(v.position()), "payment was requested before its stock was reserved")
	v.demand(payload.Amount == a.Total, AmountAgreed, at(v.position()),
		"%s were requested for an order of %s", money(payload.Amount), money(a.Total))
	v.demand(!a.holdsMoney(), ChargedOnce, at(a.Charged, v.position()), "payment was requested although it is paid")
	v.intend(charge, payload.Call, payload.Amount)
}

func (v *visit) charged(amount saga.Money, authorized bool) {
	a := v.account
	v.demand(!a.holdsMoney(), ChargedOnce, at(a.Charged, v.position()), "the customer was charged twice: %s, and then %s",
		a.amount(a.kept()+a.Authorized), money(amount))
	v.demand(amount == a.Total, AmountAgreed, at(v.position()),
		"the customer was charged %s for an order of %s", money(amount), money(a.Total))
	if authorized {
		a.Authorized += amount.Minor
	} else {
		a.Captured += amount.Minor
	}
	a.Charged = v.position()
}

func (v *visit) requestCapture(payload saga.CaptureRequested) {
	a := v.account
	v.forward(saga.CapturePayment, "the authorised money was requested")
	v.demand(a.Authorized > 0, PredecessorFirst, at(v.position()), "money was requested that was never authorised")
	v.demand(a.Shipped != 0, PredecessorFirst, at(v.position()), "the authorised money was requested before there was a shipment")
	v.demand(payload.Amount == a.Total, AmountAgreed, at(v.position()),
		"%s were requested for an order of %s", money(payload.Amount), money(a.Total))
	v.intend(capture, payload.Call, payload.Amount)
}

func (v *visit) captured(minor int64) {
	a := v.account
	v.demand(minor <= a.Authorized, ChargedOnce, at(a.Charged, v.position()),
		"%s were taken although only %s were authorised and not yet taken", a.amount(minor), a.amount(a.Authorized))
	a.Captured += minor
	a.Authorized = max(0, a.Authorized-minor)
	a.Charged = v.position()
}

func (v *visit) requestRefund(payload saga.RefundRequested) {
	a := v.account
	if payload.Void {
		v.requestVoid(payload)
		return
	}
	v.undo("a refund was requested")
	v.demand(a.Captured != 0, CompensateOnlyDone, at(v.position()), "a refund was requested although nothing was charged")
	v.demand(a.Captured == 0 || payload.Amount.Minor <= a.kept(), RefundWithinCharge, at(a.Charged, v.position()),
		"a refund of %s was requested although only %s are left to refund", money(payload.Amount), a.amount(a.kept()))
	if !a.OnShipment { // what is captured on shipment is the last step, and the first to be undone
		v.demand(a.Shipped == 0, CompensateInReverse, at(a.Shipped, v.position()),
			"a refund was requested before its shipment was cancelled")
		v.noneOpen("a refund was requested", ship)
	}
	v.noneOpen("a refund was requested", charge, capture)
	v.intend(refund, payload.Call, payload.Amount)
}

func (v *visit) requestVoid(payload saga.RefundRequested) {
	a := v.account
	v.undo("its authorisation was to be given back")
	v.demand(a.Authorized > 0, CompensateOnlyDone, at(v.position()),
		"an authorisation was to be given back that it does not hold")
	v.demand(a.Shipped == 0, CompensateInReverse, at(a.Shipped, v.position()),
		"its authorisation was to be given back before its shipment was cancelled")
	v.noneOpen("its authorisation was to be given back", charge, ship, capture)
	v.intend(void, payload.Call, payload.Amount)
}

func (v *visit) refunded(minor int64) {
	a := v.account
	v.demand(minor <= a.kept(), RefundWithinCharge, at(a.Charged, v.position()),
		"%s were refunded although only %s were left to refund", a.amount(minor), a.amount(a.kept()))
	a.Refunded += minor
	if !a.holdsMoney() {
		a.Charged = 0
	}
}

func (v *visit) voided() {
	a := v.account
	v.demand(a.Authorized > 0, CompensateOnlyDone, at(v.position()), "an authorisation was given back that it does not hold")
	a.Authorized = 0
	if !a.holdsMoney() {
		a.Charged = 0
	}
}

func (v *visit) requestShipment(payload saga.ShipmentRequested) {
	a := v.account
	v.forward(saga.CreateShipment, "a shipment was requested")
	v.demand(a.Reserved != 0 && a.holdsMoney(), PredecessorFirst, at(v.position()), "a shipment was requested before it was paid")
	v.demand(a.Shipped == 0, ShippedOnce, at(a.Shipped, v.position()), "a shipment was requested although it has one")
	v.intend(ship, payload.Call, saga.Money{})
}

func (v *visit) shipped() {
	a := v.account
	v.demand(a.Shipped == 0, ShippedOnce, at(a.Shipped, v.position()), "it got two shipments")
	a.Shipped = v.position()
}

func (v *visit) requestWithdrawal(payload saga.ShipmentCancelRequested) {
	a := v.account
	v.undo("the cancellation of its shipment was requested")
	v.demand(a.Shipped != 0, CompensateOnlyDone, at(v.position()),
		"the cancellation of a shipment was requested that it does not have")
	v.demand(!a.OnShipment || a.kept() == 0, CompensateInReverse, at(a.Charged, v.position()),
		"the cancellation of its shipment was requested before the money that was taken for it was given back")
	v.noneOpen("the cancellation of its shipment was requested", ship, capture)
	v.intend(withdraw, payload.Call, saga.Money{})
}

func (v *visit) withdrawn() {
	a := v.account
	v.demand(a.Shipped != 0, CompensateOnlyDone, at(v.position()), "a shipment was cancelled that it does not have")
	a.Shipped = 0
}

// dispatched: the carrier has the goods. If the money is still held, and the stock, the order goes forward again.
func (v *visit) dispatched() {
	a := v.account
	v.demand(a.Shipped != 0, IntentBeforeOutcome, at(v.position()), "the carrier has taken a shipment that it does not have")
	if c := a.call(withdraw); c.open() {
		c.State = refused
	}
	v.settleAttention(withdraw)
	a.Dispatched = v.position()
	_, giving := a.openCall(refund, void)
	if a.Ending == "" && a.Reserved != 0 && a.kept()+a.Authorized == a.Total.Minor && giving == nil {
		a.turnForward()
	}
}
