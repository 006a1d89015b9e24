// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// productAccount is what the checker counts of one product: supplied = available + reserved + shipped.
type productAccount struct {
	Supply   []saga.SupplyTotal `json:"supply"`
	Level    int64              `json:"level"`
	Reserved int64              `json:"reserved"`
	Shipped  int64              `json:"shipped"`
	Last     eventcore.Position `json:"last"`
}

// productVisit is one event applied to one product's account.
type productVisit struct {
	findings
	account *productAccount
	event   *eventcore.Event
}

func (v *productVisit) apply() {
	a := v.account
	switch payload := v.event.Payload.(type) {
	case saga.StockSupplied:
		v.supply(payload.Supply)
	case saga.StockReserved:
		a.Reserved += unitsOf(payload.Lines, v.product.Name)
		v.demand(a.Reserved+a.Shipped <= a.Level, NotOversold, at(v.event.Position),
			"of %d units that were supplied %d are reserved and %d have left: a unit was sold that is not there", a.Level, a.Reserved, a.Shipped)
	case saga.StockReservationReleased:
		v.leave(unitsOf(payload.Lines, v.product.Name))
	case saga.OrderCompleted:
		units := unitsOf(payload.Lines, v.product.Name)
		v.leave(units)
		a.Shipped += units
	}
	a.Last = v.event.Position
}

func (v *productVisit) supply(supply []saga.SupplyTotal) {
	a := v.account
	for _, before := range a.Supply {
		i := slices.IndexFunc(supply, func(t saga.SupplyTotal) bool { return t.Source == before.Source })
		grown := i >= 0 && supply[i].Received >= before.Received && supply[i].Removed >= before.Removed
		v.demand(grown, SupplyOnlyGrows, at(a.Last, v.event.Position),
			"source %s had delivered %d units and taken %d away, and now says less", before.Source, before.Received, before.Removed)
	}
	a.Supply, a.Level = supply, 0
	for _, total := range supply {
		a.Level += total.Received - total.Removed
	}
}

func (v *productVisit) leave(units int64) {
	a := v.account
	v.demand(units <= a.Reserved, StockNeverNegative, at(v.event.Position),
		"%d units left the reservations although only %d were reserved", units, a.Reserved)
	a.Reserved -= units
}

func unitsOf(lines []saga.StockLine, product string) (units int64) {
	for _, line := range lines {
		if line.Product == product {
			units += line.Quantity
		}
	}
	return units
}
