// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

// Rule is the stable name of something that must hold: a metric's label, a condition's reason.
type Rule string

// The rules that hold at every moment of a log.
const (
	// LogInOrder: positions rise, an order begins with OrderCreated, an attempt begins after a cancelled one.
	LogInOrder Rule = "LogInOrder"
	// Attributed: every event says which order it belongs to, what caused it and who decided it.
	Attributed Rule = "Attributed"
	// KeyNamesStore: an idempotency key names the store, the order and the attempt.
	KeyNamesStore Rule = "KeyNamesStore"
	// KeyPerGeneration: all tries of a generation send the same request, and another generation another key.
	KeyPerGeneration Rule = "KeyPerGeneration"
	// GenerationClosed: a new generation begins after the one before was refused or fenced.
	GenerationClosed Rule = "GenerationClosed"
	// OneTryPerIntent: a provider is asked once for each recorded intent, and not again before the try has ended.
	OneTryPerIntent Rule = "OneTryPerIntent"
	// IntentBeforeOutcome: what a provider did or answered was announced before, and is recorded once.
	IntentBeforeOutcome Rule = "IntentBeforeOutcome"
	// PredecessorFirst: a step is taken after the steps before it have succeeded.
	PredecessorFirst Rule = "PredecessorFirst"
	// NoForwardAfterTurn: no step is taken once the order has turned round, is held up, or has ended.
	NoForwardAfterTurn Rule = "NoForwardAfterTurn"
	// TurnBeforeUndo: nothing is undone, and no order cancelled, before the order has turned round.
	TurnBeforeUndo Rule = "TurnBeforeUndo"
	// CompensateOnlyDone: only what has happened is undone, and once.
	CompensateOnlyDone Rule = "CompensateOnlyDone"
	// CompensateInReverse: a step is undone after the steps that followed it.
	CompensateInReverse Rule = "CompensateInReverse"
	// ReservedOnce: an order holds one reservation at most.
	ReservedOnce Rule = "ReservedOnce"
	// ChargedOnce: an order holds one charge, or one authorisation, at most.
	ChargedOnce Rule = "ChargedOnce"
	// ShippedOnce: an order holds one shipment at most.
	ShippedOnce Rule = "ShippedOnce"
	// AmountAgreed: what is charged is the order's total.
	AmountAgreed Rule = "AmountAgreed"
	// RefundWithinCharge: no more is refunded than was taken.
	RefundWithinCharge Rule = "RefundWithinCharge"
	// EndsOnce: an order ends once, and nothing is done for it afterwards that is not the undoing of something late.
	EndsOnce Rule = "EndsOnce"
	// PaidBeforeRelease: an order is completed when it is paid, reserved and has its shipment.
	PaidBeforeRelease Rule = "PaidBeforeRelease"
	// StockReleased: a cancelled order holds no stock.
	StockReleased Rule = "StockReleased"
	// MoneyReturned: a cancelled order holds no money.
	MoneyReturned Rule = "MoneyReturned"
	// AuthorizationClosed: an order that has ended holds no open authorisation.
	AuthorizationClosed Rule = "AuthorizationClosed"
	// ShipmentWithdrawn: a cancelled order has no shipment.
	ShipmentWithdrawn Rule = "ShipmentWithdrawn"
	// CallsClosed: an order ends when it is known what became of all its calls.
	CallsClosed Rule = "CallsClosed"
	// ReservationOfOrder: what is reserved, released and shipped is what a living order asked for.
	ReservationOfOrder Rule = "ReservationOfOrder"
	// StockNeverNegative: no more leaves a reservation than is in it.
	StockNeverNegative Rule = "StockNeverNegative"
	// NotOversold: no unit is reserved that is not there.
	NotOversold Rule = "NotOversold"
	// SupplyOnlyGrows: totals of a source never fall, and no source disappears.
	SupplyOnlyGrows Rule = "SupplyOnlyGrows"
	// NoStranger: a provider does nothing for an order that nobody placed.
	NoStranger Rule = "NoStranger"
	// PositionMonotone: the position that a status shows never falls, nor is it ahead of the log.
	PositionMonotone Rule = "PositionMonotone"
	// StatusIsFold: a status shows what the events up to its position say.
	StatusIsFold Rule = "StatusIsFold"
)

// The rules that hold at rest: when whatever was under way has ended and no service has anything to do.
const (
	// MoneySettled: what was taken less what was given back is the total of a completed order, and nothing of any
	// other.
	MoneySettled Rule = "MoneySettled"
	// GoodsSettled: a completed order has one shipment, any other none.
	GoodsSettled Rule = "GoodsSettled"
	// LedgerRecorded: the events know what the providers did, and the providers what the events say.
	LedgerRecorded Rule = "LedgerRecorded"
	// FenceHolds: what is recorded as fenced was not done by the provider, and never will be.
	FenceHolds Rule = "FenceHolds"
	// ReservationsBalance: what is reserved of a product is what the open orders hold.
	ReservationsBalance Rule = "ReservationsBalance"
	// NothingStuck: every order has ended, asks for a person, or has something due.
	NothingStuck Rule = "NothingStuck"
)

// Always returns the rules that hold at every moment.
func Always() []Rule {
	return []Rule{
		LogInOrder, Attributed, KeyNamesStore, KeyPerGeneration, GenerationClosed, OneTryPerIntent, IntentBeforeOutcome,
		PredecessorFirst, NoForwardAfterTurn, TurnBeforeUndo, CompensateOnlyDone, CompensateInReverse,
		ReservedOnce, ChargedOnce, ShippedOnce, AmountAgreed, RefundWithinCharge, EndsOnce, PaidBeforeRelease,
		StockReleased, MoneyReturned, AuthorizationClosed, ShipmentWithdrawn, CallsClosed,
		ReservationOfOrder, StockNeverNegative, NotOversold, SupplyOnlyGrows, NoStranger, PositionMonotone, StatusIsFold,
	}
}

// AtRest returns the rules that hold only when everything has come to rest.
func AtRest() []Rule {
	return []Rule{MoneySettled, GoodsSettled, LedgerRecorded, FenceHolds, ReservationsBalance, NothingStuck}
}
