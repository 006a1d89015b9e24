// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Violation is a rule that does not hold, and where.
type Violation struct {
	Rule Rule `json:"rule"`
	// Order or Product is the one that it is about; both are zero if it is about neither.
	Order   saga.OrderID   `json:"order,omitzero"`
	Product saga.ProductID `json:"product,omitzero"`
	// Positions are those of the events that show it, in rising order.
	Positions []eventcore.Position `json:"positions,omitempty"`
	// Explanation is a sentence for the shopkeeper.
	Explanation string `json:"explanation"`
}

// String returns all of it in one line.
func (v Violation) String() string {
	var text strings.Builder
	text.WriteString(string(v.Rule))
	if subject := v.Subject(); subject != "" {
		text.WriteString(" of " + subject)
	}
	text.WriteString(": " + v.Explanation)
	if len(v.Positions) > 0 {
		fmt.Fprintf(&text, " %v", v.Positions)
	}
	return text.String()
}

// Subject names the order or the product, such as "order shop/order-001".
func (v Violation) Subject() string {
	switch {
	case v.Order != saga.OrderID{}:
		return "order " + v.Order.String()
	case v.Product != saga.ProductID{}:
		return "product " + v.Product.String()
	}
	return ""
}

// findings collects violations of one subject.
type findings struct {
	order   saga.OrderID
	product saga.ProductID
	list    []Violation
}

// demand records a violation unless the rule holds. Positions of nothing are left out.
func (f *findings) demand(holds bool, rule Rule, positions []eventcore.Position, explanation string, values ...any) {
	if holds {
		return
	}
	positions = slices.DeleteFunc(slices.Clone(positions), func(p eventcore.Position) bool { return p == 0 })
	slices.Sort(positions)
	f.list = append(f.list, Violation{
		Rule: rule, Order: f.order, Product: f.product, Positions: slices.Compact(positions),
		Explanation: fmt.Sprintf(explanation, values...),
	})
}

func at(positions ...eventcore.Position) []eventcore.Position { return positions }

func money(amount saga.Money) string {
	return strings.TrimSpace(amount.String() + " " + amount.Currency)
}
