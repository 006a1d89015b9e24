// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package mutants holds known bugs of sagas as edits of this module's code. Its test builds the crash matrices with one
// of them at a time, and demands that package verify finds it, by the name of the rule: what a checker does not find in
// code that has the bug, it would not find in ours.
package mutants

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/eventcore/order-operator/controllers/verify"
)

// Edit replaces text that a file has exactly once.
type Edit struct {
	File, Old, New string
}

// Mutant is a bug.
type Mutant struct {
	Name string
	// Rule is the one that finds it; others may find it too.
	Rule verify.Rule
	// Operator says that it takes the operator's controllers to find it, of test/crash; all else is found in
	// controllers/runner.
	Operator bool
	// Tests is the pattern of the tests that suffice to find it.
	Tests string
	Edits []Edit
}

const (
	orderEnds  = "TestTheCrashMatrix/scenarios/Immediate,_refused_shipment,_refund"
	lateCharge = "TestTheCrashMatrix/scenarios/Immediate,_charge:_arrive_late"
	lostCharge = "TestTheCrashMatrix/scenarios/Immediate,_charge:_lose_reply"
)

// All are the bugs that SAGA.md's field study found in the wild, and those that a slip in our own code would make.
var All = []Mutant{
	{
		Name: "Handle without Due", Rule: verify.NoForwardAfterTurn,
		Tests: "TestAnOrderThatIsCancelledWhileItsTokenIsReadIsNotCharged",
		Edits: []Edit{{
			"controllers/calls/commands.go",
			"	if !c.operation.due(order, c.now) || order.Content.Attempt != c.attempt || status.Generation != c.generation {\n" +
				"		return nil\n	}\n	call := nextCall(",
			"	_ = status\n	call := nextCall(",
		}},
	},
	{
		Name: "look-up taken as proof, without a fence", Rule: verify.FenceHolds, Tests: lateCharge,
		Edits: []Edit{{"controllers/calls/engine.go", "return o.Fence(ctx, order, call) })", "return nil })"}},
	},
	{
		Name: "outcome refused when the order is terminal", Rule: verify.MoneySettled,
		Tests: "TestTheCrashMatrix/scenarios/Immediate,_charge:_(slow|hang),_cancelled",
		Edits: []Edit{
			{
				"controllers/saga/due.go",
				"return !s.toUndo() && !s.Forward.Unsettled && !s.Undo.Unsettled", "return !s.toUndo()",
			},
			{"controllers/saga/due.go", "if s.toUndo() || s.Forward.Unsettled {", "if s.toUndo() {"},
			{
				"controllers/calls/commands.go",
				"	if order.Content.Attempt != c.attempt || !status.Unsettled || status.Last.Generation != c.call.Generation {\n		return c.late",
				"	if order.Outcome != \"\" || order.Content.Attempt != c.attempt || !status.Unsettled || status.Last.Generation != c.call.Generation {\n		return nil\n	}\n	if false {\n		return c.late",
			},
		},
	},
	{
		Name: "key without the store's id", Rule: verify.KeyNamesStore, Tests: orderEnds + ":_lose_reply",
		Edits: []Edit{{
			"controllers/saga/history.go", `fmt.Sprintf("%s/%s/%d/%s/%d", store, order,`, `fmt.Sprintf("%s%s/%d/%s/%d", store[:0], order,`,
		}},
	},
	{
		Name: "compensation in forward order", Rule: verify.CompensateInReverse, Tests: orderEnds,
		Edits: []Edit{{"controllers/saga/due.go", "for i := len(o.Steps) - 1; i >= 0; i-- {", "for i := range o.Steps {"}},
	},
	{
		Name: "release skipped", Rule: verify.StockReleased, Tests: orderEnds,
		Edits: []Edit{
			{"controllers/saga/due.go", "return o.undoable(s) && ", "return s.Name != ReserveStock && o.undoable(s) && "},
			{"controllers/saga/due.go", "return !s.toUndo() && !s.Forward", "return (s.Name == ReserveStock || !s.toUndo()) && !s.Forward"},
		},
	},
	{
		Name: "refund twice", Rule: verify.RefundWithinCharge, Tests: orderEnds,
		Edits: []Edit{{"controllers/saga/order_money.go", "	o.Refunded.Minor += payload.Amount.Minor\n", ""}},
	},
	{
		Name: "another key for every try", Rule: verify.KeyPerGeneration,
		Tests: "TestTheCrashMatrix/scenarios/Immediate,_charge:_unavailable",
		Edits: []Edit{{
			"controllers/calls/commands.go", "o.name(), status.Generation),", "o.name(), 1000*status.Generation+status.Last.Try),",
		}},
	},
	{
		Name: "provider called before the intent is recorded", Rule: verify.OneTryPerIntent,
		Tests: lostCharge,
		Edits: []Edit{{
			"controllers/calls/engine.go", "	receipt, err := e.execute(ctx, order, command)\n",
			"	_, _ = e.do(ctx, o, order, nextCall(e.store, order, o, command.deadline))\n	receipt, err := e.execute(ctx, order, command)\n",
		}},
	},
	{
		Name: "random idempotency key", Rule: verify.KeyPerGeneration,
		Tests: "TestTheCrashMatrix/scenarios/Immediate,_charge:_unavailable",
		Edits: []Edit{{"controllers/calls/commands.go", "o.name(), status.Generation),", "o.name(), int(deadline.UnixNano())),"}},
	},
	{
		Name: "acknowledged before the commit", Rule: verify.NothingStuck, Tests: "TestAStoreThatFails",
		Edits: []Edit{{
			// What a process is told that answers first: the commit has happened, whatever becomes of it.
			"eventcore/loop.go", "		default:\n			fail(b.requests(), err)\n",
			"		default:\n			b.succeed(Appended{Previous: b.head, Events: b.events})\n",
		}},
	},
	{
		Name: "unknown taken as refused", Rule: verify.LedgerRecorded, Tests: lostCharge,
		Edits: []Edit{{
			"controllers/calls/outcome.go", "	return record{call: call, outcome: e.unknown(o, call, messageUnknown, 0)}\n",
			"	return record{call: call, outcome: o.Refused(order, call, &Refusal{Code: \"unknown\", Message: messageUnknown})}\n",
		}},
	},
	{
		Name: "two reservations for one order", Rule: verify.ReservedOnce, Tests: orderEnds + ":_unavailable",
		Edits: []Edit{
			{
				"controllers/inventory/engine/commands.go", "	if !order.Forward(saga.ReserveStock, c.Now) {\n",
				"	if order.Outcome != \"\" || order.Compensating {\n",
			},
			{
				"controllers/inventory/engine/engine.go", "	case order.Forward(saga.ReserveStock, now):\n",
				"	case order.Outcome == \"\" && !order.Compensating:\n",
			},
		},
	},
	{
		Name: "a wake-up is lost", Rule: verify.NothingStuck, Tests: lostCharge,
		Edits: []Edit{{
			"controllers/feed/feed.go", "	if id, ok := saga.OrderOf(event); ok {\n		touched.Orders",
			"	if id, ok := saga.OrderOf(event); ok && event.Type != \"PaymentProcessed\" {\n		touched.Orders",
		}},
	},
	{
		Name: "status written from a stale fold", Rule: verify.StatusIsFold, Operator: true,
		Tests: "TestTheOperatorSurvivesEveryCrash/scenarios/cancelled_by_its_user",
		Edits: []Edit{{
			"controllers/order/project.go", "	updated.Status = desired\n",
			"	updated.Status = desired\n	if shown := s.object.Status.Steps; len(shown) > 0 {\n		updated.Status.Steps = shown\n	}\n",
		}},
	},
	{
		Name: "released stock stays in the product's books", Rule: verify.ReservationsBalance, Tests: orderEnds,
		Edits: []Edit{{
			"controllers/inventory/engine/commands.go",
			"saga.StockReservationReleased{Lines: saga.StockLines(order.Content.Lines)}, stockStreams(c.Order, order.Content.Lines)...)",
			"saga.StockReservationReleased{Lines: saga.StockLines(order.Content.Lines)}, c.Order.Stream(), saga.InventoryAggregate)",
		}},
	},
	{
		Name: "retries of compensations forgotten", Rule: verify.NothingStuck, Tests: orderEnds + ":_unavailable",
		Edits: []Edit{{
			"controllers/saga/due.go", "return o.undoable(s) && ", "return s.Undo.Failures == 0 && o.undoable(s) && ",
		}},
	},
}

// Apply writes the mutated files into the folder and returns the overlay for the go command: the code under root with
// the bug in it.
func (m Mutant) Apply(root, folder string) (map[string]string, error) {
	texts := map[string]string{}
	for _, edit := range m.Edits {
		path := filepath.Join(root, filepath.FromSlash(edit.File))
		text, known := texts[path]
		if !known {
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("mutant %q: %w", m.Name, err)
			}
			text = string(data)
		}
		if n := strings.Count(text, edit.Old); n != 1 {
			return nil, fmt.Errorf("mutant %q: %s has %q %d times: write the edit anew", m.Name, edit.File, edit.Old, n)
		}
		texts[path] = strings.Replace(text, edit.Old, edit.New, 1)
	}
	replace := map[string]string{}
	for path, text := range texts {
		mutated := filepath.Join(folder, strings.ReplaceAll(strings.TrimPrefix(path, root), string(filepath.Separator), "_"))
		if err := os.WriteFile(mutated, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("mutant %q: %w", m.Name, err)
		}
		replace[path] = mutated
	}
	return replace, nil
}
