// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import commercev1 "github.com/eventcore/order-operator/api/v1"

func auditProduct(subject string, p *ProductBook, allEnded bool) []Violation {
	c := checker{subject: subject}
	available := p.Supplied - p.Reserved - p.Shipped
	c.check(available >= 0 && p.Reserved >= 0, RuleOversold, "%d supplied, %d reserved, %d shipped", p.Supplied, p.Reserved, p.Shipped)
	c.check(p.Shipped == p.Ordered, RuleShipped, "%d shipped, but the completed orders asked for %d", p.Shipped, p.Ordered)
	c.check(p.Reserved == 0 || !allEnded, RuleReserved, "%d reserved", p.Reserved)
	if p.Object == nil {
		return c.violations
	}
	supplied := supplyOf(p.Object)
	c.check(supplied == p.Supplied, RuleCommitted, "spec.supply comes to %d, the events say %d", supplied, p.Supplied)
	status := &p.Object.Status
	got := [3]int64{valueOf(status.Available), valueOf(status.Reserved), valueOf(status.Shipped)}
	c.check(got[0]+got[1]+got[2] == supplied, RuleStock, "%d supplied, but status says %d available, %d reserved, %d shipped",
		supplied, got[0], got[1], got[2])
	c.check(got == [3]int64{available, p.Reserved, p.Shipped}, RuleStatus,
		"status says %d available, %d reserved, %d shipped; the events say %d, %d, %d",
		got[0], got[1], got[2], available, p.Reserved, p.Shipped)
	return c.violations
}

func supplyOf(product *commercev1.Product) (sum int64) {
	for _, source := range product.Spec.Supply {
		sum += valueOf(source.Received) - valueOf(source.Removed)
	}
	return sum
}

func valueOf(number *int64) int64 {
	if number == nil {
		return 0
	}
	return *number
}
