// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// Options configure a Checker.
type Options struct {
	// StoreID is the store's: correlation ids and idempotency keys begin with it. Required.
	StoreID string
	// KeepSettled keeps the accounts of orders that have ended, so that they can be held against ledgers and statuses.
	// Without it they are forgotten, and the memory that a checker needs is that of the open orders and the products.
	KeepSettled bool
}

// Checker holds a log, event by event, against the rules. It is not safe for concurrent use.
type Checker struct {
	options    Options
	orders     map[saga.OrderID]*orderAccount
	products   map[saga.ProductID]*productAccount
	histories  map[saga.OrderID]*history
	seen       map[saga.OrderID]seen
	last       eventcore.Position
	violations []Violation
	// lost says that a part of the log was lost, and its loss accepted: nobody knows what it announced.
	lost bool
}

// history is what a checker with KeepSettled knows of an order beyond its account.
type history struct {
	// attempts holds the accounts of the attempts before, by number.
	attempts map[int]*orderAccount
	// folded is what OrderStatus.Differs is asked about; the checker itself counts without it.
	folded saga.Order
	keys   map[string]*keyHistory
}

// keyHistory is what the events say of an idempotency key.
type keyHistory struct {
	operation operation
	intents   int
	first     eventcore.Position
	fenced    eventcore.Position
}

// New returns a checker that has seen no event.
func New(options Options) *Checker {
	return &Checker{
		options: options, orders: map[saga.OrderID]*orderAccount{}, products: map[saga.ProductID]*productAccount{},
		histories: map[saga.OrderID]*history{}, seen: map[saga.OrderID]seen{},
	}
}

// Check holds a whole log and the evidence against all rules, at rest.
func Check(events iter.Seq2[*eventcore.Event, error], options Options, evidence Evidence) ([]Violation, error) {
	options.KeepSettled = true
	c := New(options)
	for event, err := range events {
		if err != nil {
			return nil, fmt.Errorf("verify: read the log: %w", err)
		}
		c.Apply(event)
	}
	return c.violations, errors.Join(c.Compare(evidence), c.Rest(evidence))
}

// Apply counts the next event of the log, which is decoded, and returns the violations that it shows.
func (c *Checker) Apply(event *eventcore.Event) []Violation {
	before := len(c.violations)
	log := findings{}
	log.demand(event.Position > c.last, LogInOrder, at(c.last, event.Position),
		"event %d comes after event %d", event.Position, c.last)
	c.add(log)
	c.last = event.Position
	if _, ok := event.Payload.(saga.RollbackAccepted); ok {
		c.lost = true
	}
	if id, ok := saga.OrderOf(event); ok {
		c.order(id, event)
	} else {
		c.add(attributionOfSupply(event, c.options.StoreID))
	}
	for _, id := range saga.ProductsOf(event) {
		v := productVisit{findings: findings{product: id}, account: c.products[id], event: event}
		if v.account == nil {
			v.account = &productAccount{}
			c.products[id] = v.account
		}
		v.apply()
		c.add(v.findings)
	}
	return c.violations[before:]
}

// Violations returns all that were found.
func (c *Checker) Violations() []Violation { return c.violations }

func (c *Checker) add(found findings) { c.violations = append(c.violations, found.list...) }

func (c *Checker) order(id saga.OrderID, event *eventcore.Event) {
	account, found := visitOrder(c.orders[id], id, event, c.options.StoreID)
	c.add(found)
	if account == nil {
		return
	}
	if c.options.KeepSettled {
		c.keep(id, account, event)
	} else if account.settled() {
		delete(c.orders, id)
		delete(c.seen, id)
		return
	}
	c.orders[id] = account
}

// visitOrder applies the event to the order's account, nil if there is none or if it was settled and forgotten, and
// returns the account afterwards.
func visitOrder(account *orderAccount, id saga.OrderID, event *eventcore.Event, store string) (*orderAccount, findings) {
	v := visit{findings: findings{order: id}, account: account, event: event, store: store}
	if created, ok := event.Payload.(saga.OrderCreated); ok {
		v.begin(created)
		v.account = newAccount(created)
	}
	if v.account == nil {
		v.strange()
		return nil, v.findings
	}
	v.apply()
	return v.account, v.findings
}

// begin: an order begins once, and again only as a later attempt after a cancelled one of which nothing is left.
func (v *visit) begin(created saga.OrderCreated) {
	version, _ := v.event.VersionIn(v.order.Stream())
	before := v.account
	if before == nil {
		v.demand(version <= 1 || created.Attempt > 1, LogInOrder, at(v.position()), "it was created again without a new attempt")
		return
	}
	v.demand(before.Ending == cancelled && before.settled() && created.Attempt > before.Attempt, LogInOrder, at(before.Last, v.position()),
		"attempt %d was begun although attempt %d was not over and undone", created.Attempt, before.Attempt)
}

// strange: of an order that was forgotten, because it was settled, only remarks may follow.
func (v *visit) strange() {
	version, _ := v.event.VersionIn(v.order.Stream())
	switch v.event.Payload.(type) {
	case saga.OrderAttached, saga.OrderShipped, saga.OrderSuspended, saga.OrderResumed, saga.OrderCancellationRequested:
		v.demand(version > 1, LogInOrder, at(v.position()), "%s was recorded of an order that nobody has placed", v.event.Type)
		return
	}
	v.demand(version <= 1, EndsOnce, at(v.position()),
		"%s was recorded although the order had ended and nothing was open", v.event.Type)
	v.demand(version > 1, LogInOrder, at(v.position()), "%s was recorded of an order that nobody has placed", v.event.Type)
}

func attributionOfSupply(event *eventcore.Event, store string) findings {
	f := findings{}
	if products := saga.ProductsOf(event); len(products) > 0 {
		f.product = products[0]
	}
	m := event.Metadata
	f.demand(strings.HasPrefix(m.CorrelationID, store+"/"), Attributed, at(event.Position),
		"%s is marked as belonging to %q, which is not of this store", event.Type, m.CorrelationID)
	f.demand(m.Actor != "", Attributed, at(event.Position), "nobody knows who decided %s", event.Type)
	return f
}

// keep remembers what ledgers and statuses are held against.
func (c *Checker) keep(id saga.OrderID, account *orderAccount, event *eventcore.Event) {
	h := c.histories[id]
	if h == nil {
		h = &history{attempts: map[int]*orderAccount{}, keys: map[string]*keyHistory{}}
		c.histories[id] = h
	}
	h.attempts[account.Attempt] = account
	h.folded = h.folded.Apply(id.Stream(), event)
	if call, ok := saga.CallOf(event.Payload); ok {
		h.intend(call, event)
		return
	}
	if retry, ok := event.Payload.(saga.StepRetryScheduled); ok && retry.Fenced {
		h.fence(account, retry, event.Position)
	}
}

func (h *history) intend(call saga.Call, event *eventcore.Event) {
	key := h.keys[call.Key]
	if key == nil {
		key = &keyHistory{operation: operationOfIntent(event.Payload), first: event.Position}
		h.keys[call.Key] = key
	}
	key.intents++
}

func (h *history) fence(account *orderAccount, retry saga.StepRetryScheduled, position eventcore.Position) {
	for _, o := range allOperations {
		step, undo := stepOf(o)
		c := account.Calls[o]
		sameStep := step == retry.Step || undo && o != withdraw && retry.Step != saga.CreateShipment
		if c != nil && sameStep && undo == retry.Undo && c.State == fenced && c.Generation == retry.Generation {
			if key := h.keys[c.Key]; key != nil {
				key.fenced = position
			}
		}
	}
}

func operationOfIntent(payload any) operation {
	switch payload := payload.(type) {
	case saga.PaymentRequested:
		return charge
	case saga.CaptureRequested:
		return capture
	case saga.RefundRequested:
		if payload.Void {
			return void
		}
		return refund
	case saga.ShipmentRequested:
		return ship
	case saga.CallDoubted:
		if payload.Step == saga.CreateShipment {
			return ship
		}
		return charge
	}
	return withdraw
}

// orderIDs returns the ids of the accounts in a stable order.
func (c *Checker) orderIDs() []saga.OrderID {
	return slices.SortedFunc(maps.Keys(c.orders), func(a, b saga.OrderID) int { return strings.Compare(a.String(), b.String()) })
}
