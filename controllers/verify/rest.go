// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Compare holds the evidence against what holds at every moment. Ledgers need Options.KeepSettled.
func (c *Checker) Compare(evidence Evidence) error {
	_, err := c.compare(evidence)
	return err
}

func (c *Checker) compare(evidence Evidence) (map[string]*sums, error) {
	for _, id := range sortedKeys(evidence.Orders) {
		if status := evidence.Orders[id]; status != nil {
			c.ObserveStatus(id, *status)
		}
	}
	books, err := ledgers(evidence)
	for _, correlation := range slices.Sorted(maps.Keys(books)) {
		c.judgeBook(correlation, books[correlation])
	}
	return books, err
}

// Rest holds everything against all rules, those at rest included: call it when whatever was under way has ended, the
// statuses have caught up, and no service has anything to do.
func (c *Checker) Rest(evidence Evidence) error {
	books, err := c.compare(evidence)
	if err != nil {
		return err
	}
	for _, id := range c.orderIDs() {
		c.add(c.orderAtRest(id, evidence))
	}
	if evidence.Movements != nil {
		for _, id := range sortedKeys(c.histories) {
			for _, number := range slices.Sorted(maps.Keys(c.histories[id].attempts)) {
				c.ledgerAtRest(id, number, books)
			}
		}
	}
	c.productsAtRest(evidence)
	return nil
}

// orderAtRest judges one order by its events and its status.
func (c *Checker) orderAtRest(id saga.OrderID, evidence Evidence) findings {
	a := c.orders[id]
	f := findings{order: id}
	a.stuck(&f, evidence.Now, evidence.Grace)
	if status := evidence.Orders[id]; status != nil && status.Position != nil && a.accepts(status.UID) {
		f.demand(*status.Position == a.Last, StatusIsFold, at(*status.Position, a.Last),
			"its status shows event %d, but its last event is %d", *status.Position, a.Last)
	}
	if a.Attention != nil {
		return f
	}
	want := int64(0)
	if a.Ending == completed {
		want = a.Total.Minor
	}
	if a.Ending != "" {
		f.demand(a.kept() == want, MoneySettled, at(a.Charged, a.Ended), "it is %s, and of %s the shop keeps %s",
			a.Ending, money(a.Total), a.amount(a.kept()))
		f.demand(a.Authorized == 0, AuthorizationClosed, at(a.Charged, a.Ended),
			"it is %s, but %s of the customer's stay set aside", a.Ending, a.amount(a.Authorized))
		f.demand(a.Ending == completed == (a.Shipped != 0), GoodsSettled, at(a.Shipped, a.Ended),
			"it is %s, and has %d shipments",
			a.Ending, boolToInt(a.Shipped != 0))
	}
	return f
}

func boolToInt(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// within reports whether a ledger agrees with the events, save for what persons have answered for: it may have so much less
// or more.
func within(is, should, less, more int64) bool { return is >= should-less && is <= should+more }

// ledgerAtRest holds what the events say against what the providers did.
func (c *Checker) ledgerAtRest(id saga.OrderID, number int, books map[string]*sums) {
	a := c.histories[id].attempts[number]
	s := books[c.options.StoreID+"/"+id.String()+"/"+itoa(number)]
	if s == nil {
		s = &sums{}
	}
	if a.ByHand.Twice {
		return // what was seen to is in no event
	}
	if _, open := a.openCall(allOperations...); open != nil && a.Attention != nil {
		return // nobody knows what the call did, until the next look-up: that is what a person is asked about
	}
	f, h := findings{order: id}, a.ByHand
	recorded := within(s.captured, a.Captured, h.Captured, 0) && within(s.refunded, a.Refunded, h.Refunded, 0) &&
		within(s.held(), a.Authorized, h.Authorized, h.Released)
	f.demand(recorded, LedgerRecorded, at(a.Charged, a.Last),
		"the books say %s taken, %s given back and %s set aside, but the provider %s, %s and %s",
		a.amount(a.Captured), a.amount(a.Refunded), a.amount(a.Authorized), a.amount(s.captured), a.amount(s.refunded), a.amount(s.held()))
	shipments := int64(s.shipments - s.withdrawn)
	f.demand(within(shipments, boolToInt(a.Shipped != 0), h.Shipped, h.Withdrawn), LedgerRecorded, at(a.Shipped, a.Last),
		"the books say %d shipments, but the carrier %d", boolToInt(a.Shipped != 0), shipments)
	if a.Attention == nil && a.Ending != "" {
		want, goods := int64(0), int64(0)
		if a.Ending == completed {
			want, goods = a.Total.Minor, 1
		}
		f.demand(within(s.captured-s.refunded, want, h.Captured, h.Refunded), MoneySettled, at(a.Ended),
			"it is %s, and by the provider's books the shop keeps %s of %s",
			a.Ending, a.amount(s.captured-s.refunded), money(a.Total))
		f.demand(within(s.held(), 0, 0, h.Released), AuthorizationClosed, at(a.Ended), "it is %s, but by the provider's books %s stay set aside",
			a.Ending, a.amount(s.held()))
		f.demand(within(shipments, goods, h.Shipped, h.Withdrawn), GoodsSettled, at(a.Ended),
			"it is %s, and by the carrier's books has %d shipments", a.Ending, shipments)
	}
	c.add(f)
}

// stuck: every order has ended, asks for a person, or has something due that is not long overdue.
func (a *orderAccount) stuck(f *findings, now time.Time, grace time.Duration) {
	if now.IsZero() || a.Ending != "" && a.settled() || a.Attention != nil {
		return
	}
	due := a.due()
	f.demand(due.IsZero() || !now.After(due.Add(grace)), NothingStuck, at(a.Last),
		"nothing was done for it since %s, although something was due", due.UTC().Format(time.RFC3339))
}

// due returns when the order's next event is expected, zero if it waits for something without an end.
func (a *orderAccount) due() time.Time {
	if a.Waiting {
		return a.earliest(a.CancelAt)
	}
	mustTurn := a.Refused || a.TooLate != 0 || a.Unwanted != 0
	held := a.Turned == 0 && a.Suspended != 0 && !mustTurn
	// What has failed is tried again when the order goes on, and all else is closed in the meantime.
	if _, open := a.openCall(allOperations...); open != nil && (!held || open.State != failed) {
		return a.earliest(latest(a.LastAt, a.NotBefore, open.Until))
	}
	if held {
		return a.earliest(a.CancelAt)
	}
	return a.earliest(latest(a.LastAt, a.NotBefore))
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// earliest returns the earlier of the time and the deadline of an order on its way forward.
func (a *orderAccount) earliest(until time.Time) time.Time {
	if a.Turned == 0 && a.Dispatched == 0 && !a.Deadline.IsZero() && (until.IsZero() || a.Deadline.Before(until)) {
		return a.Deadline
	}
	return until
}

// productsAtRest: what is reserved of a product is what open orders hold.
func (c *Checker) productsAtRest(evidence Evidence) {
	held := map[saga.ProductID]int64{}
	for id, a := range c.orders {
		if a.Reserved == 0 {
			continue
		}
		for _, line := range a.Lines {
			held[id.Product(line.Product)] += line.Quantity
		}
	}
	for _, id := range sortedKeys(c.products) {
		a := c.products[id]
		f := findings{product: id}
		f.demand(a.Reserved == held[id], ReservationsBalance, at(a.Last),
			"%d units are reserved, but open orders hold %d", a.Reserved, held[id])
		if status := evidence.Products[id]; status != nil {
			a.compare(&f, status)
		}
		c.add(f)
	}
}

// compare holds a product's status against its events.
func (a *productAccount) compare(f *findings, status *ProductStatus) {
	available := max(0, a.Level-a.Reserved-a.Shipped)
	for _, figure := range []struct {
		name string
		says *int64
		is   int64
	}{
		{"supplied", status.Supplied, a.Level},
		{"available", status.Available, available},
		{"reserved", status.Reserved, a.Reserved},
		{"shipped", status.Shipped, a.Shipped},
	} {
		if figure.says != nil {
			f.demand(*figure.says == figure.is, StatusIsFold, at(a.Last),
				"the Product says that %d units are %s, the events say %d",
				*figure.says, figure.name, figure.is)
		}
	}
}

func sortedKeys[K interface {
	comparable
	String() string
}, V any](m map[K]V) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int { return strings.Compare(a.String(), b.String()) })
}

// seen is what a status has shown.
type seen struct {
	uid      string
	epoch    int64
	position eventcore.Position
}
