// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/controllers/ledger"
	"github.com/eventcore/order-operator/controllers/saga"
)

// Violation is something that does not add up.
type Violation struct {
	// Subject is the order or the product, such as "order shop/order-001".
	Subject string
	// Rule is the name of what does not hold.
	Rule string
	// Detail gives the figures.
	Detail string
}

// String returns all of it in one line.
func (v Violation) String() string { return fmt.Sprintf("%s: %s: %s", v.Subject, v.Rule, v.Detail) }

// The rules of Audit, by the names in a Violation.
const (
	RuleEnd       = "an order ends once"
	RuleMoney     = "charged less refunded is the total of a completed order, and nothing of any other"
	RuleOnce      = "nothing is charged or shipped twice"
	RuleGoods     = "a completed order has one shipment, any other none"
	RuleRecorded  = "the events know what the providers did"
	RuleStranger  = "the providers did nothing that no order asked for"
	RuleStatus    = "the status shows what the events say"
	RuleStock     = "supplied is available, reserved and shipped"
	RuleShipped   = "shipped is what the completed orders asked for"
	RuleReserved  = "nothing is reserved when all orders have ended"
	RuleOversold  = "no unit is sold twice"
	RuleCommitted = "the events know what was supplied"
)

// Audit holds the books against each other, at rest: when every order has ended and the statuses have caught up. It returns what does not
// add up, sorted by subject.
func Audit(b *Books) []Violation {
	var violations []Violation
	for id, order := range b.Orders {
		violations = append(violations, auditOrder("order "+id.String(), order)...)
	}
	for id, product := range b.Products {
		violations = append(violations, auditProduct("product "+id.String(), product, b.allEnded())...)
	}
	for _, entry := range b.Strangers {
		violations = append(violations, Violation{
			Subject: "ledger", Rule: RuleStranger, Detail: fmt.Sprintf("%s of %s for %q", entry.Kind, amount(entry.Amount), entry.Correlation),
		})
	}
	slices.SortFunc(violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Rule, b.Rule))
	})
	return violations
}

func (b *Books) allEnded() bool {
	for order := range maps.Values(b.Orders) {
		if order.Order.Created() && order.Order.Outcome == "" {
			return false
		}
	}
	return true
}

func auditOrder(subject string, o *OrderBook) []Violation {
	c := checker{subject: subject}
	if !o.Order.Created() {
		c.check(false, RuleEnd, "there is an Order, but the event store knows nothing of it")
		return c.violations
	}
	c.check(o.Completed+o.Cancelled == 1, RuleEnd, "%d times completed, %d times cancelled", o.Completed, o.Cancelled)
	auditMoney(&c, o)
	auditGoods(&c, o)
	auditStatus(&c, o)
	return c.violations
}

func auditMoney(c *checker, o *OrderBook) {
	total := o.Order.Content.Total
	charged, refunded := sum(total.Currency, o.Charges), sum(total.Currency, o.Refunds)
	due := int64(0)
	if o.Completed > 0 {
		due = total.Minor
	}
	c.check(charged.Minor-refunded.Minor == due, RuleMoney, "%s with a total of %s, but charged %s and refunded %s",
		o.ending(), amount(total), amount(charged), amount(refunded))
	c.check(len(o.Charges) <= 1 && len(o.Refunds) <= 1, RuleOnce, "%d charges and %d refunds", len(o.Charges), len(o.Refunds))
	c.check(o.Order.Captured().Minor == charged.Minor && o.Order.Refunded.Minor == refunded.Minor, RuleRecorded,
		"recorded as charged %s and refunded %s, but the provider charged %s and refunded %s",
		amount(o.Order.Captured()), amount(o.Order.Refunded), amount(charged), amount(refunded))
}

func auditGoods(c *checker, o *OrderBook) {
	left := len(o.Shipments) - len(o.Cancellations)
	due := 0
	if o.Completed > 0 {
		due = 1
	}
	c.check(left == due, RuleGoods, "%s, but %d shipments were created and %d cancelled", o.ending(), len(o.Shipments), len(o.Cancellations))
	c.check(len(o.Shipments) <= 1, RuleOnce, "%d shipments", len(o.Shipments))
	recorded := o.Order.Shipment.Reference
	c.check((recorded != "") == (len(o.Shipments) > 0), RuleRecorded, "recorded as shipment %q, but the carrier created %d", recorded, len(o.Shipments))
}

// auditStatus leaves out an Order that is not the one that was carried out: it was rejected.
func auditStatus(c *checker, o *OrderBook) {
	if o.Object == nil || !o.Order.Accepted(string(o.Object.UID)) {
		c.check(o.Object == nil || o.Object.Status.Outcome == commercev1.OutcomeRejected, RuleStatus,
			"the Order does not belong to the order of its name, but is not rejected")
		return
	}
	status := &o.Object.Status
	c.check(string(status.Outcome) == string(o.Order.Outcome), RuleStatus,
		"status.outcome is %q, the events say %q", status.Outcome, o.Order.Outcome)
	charged, refunded := o.Order.Captured().String(), o.Order.Refunded.String()
	c.check(status.Charged == charged && status.Refunded == refunded, RuleStatus,
		"status says charged %q and refunded %q, the events say %s and %s", status.Charged, status.Refunded, charged, refunded)
}

// ending names how the order ended.
func (o *OrderBook) ending() saga.Outcome {
	switch {
	case o.Completed > 0:
		return saga.Completed
	case o.Cancelled > 0:
		return saga.Cancelled
	}
	return "Open"
}

func sum(currency string, entries []ledger.Entry) saga.Money {
	money := saga.Money{Currency: currency}
	for _, entry := range entries {
		money.Minor += entry.Amount.Minor
	}
	return money
}

func amount(money saga.Money) string { return money.String() + " " + money.Currency }

// checker collects the violations of a subject.
type checker struct {
	subject    string
	violations []Violation
}

func (c *checker) check(holds bool, rule, detail string, figures ...any) {
	if !holds {
		c.violations = append(c.violations, Violation{Subject: c.subject, Rule: rule, Detail: fmt.Sprintf(detail, figures...)})
	}
}
