// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/eventcore/order-operator/controllers/saga"
)

// sums is what the providers did for one attempt of an order.
type sums struct {
	charges, captures, voids, shipments, withdrawn int
	// authorized was ever set aside, charged is what charges and authorisations came to.
	authorized, charged, captured, refunded int64
	keys                                    map[string]Movement
}

// held is what is set aside still.
func (s *sums) held() int64 {
	if s.voids > 0 || s.captures > 0 {
		return 0
	}
	return s.authorized
}

// ledgers adds the movements up, by attempt of an order.
func ledgers(evidence Evidence) (map[string]*sums, error) {
	books := map[string]*sums{}
	if evidence.Movements == nil {
		return books, nil
	}
	for m, err := range evidence.Movements {
		if err != nil {
			return nil, fmt.Errorf("verify: read a provider's ledger: %w", err)
		}
		if m.Correlation == "" {
			m.Correlation = correlationOfKey(m.Key)
		}
		if books[m.Correlation] == nil {
			books[m.Correlation] = &sums{keys: map[string]Movement{}}
		}
		books[m.Correlation].add(m)
	}
	return books, nil
}

// correlationOfKey returns what a key begins with: a fence holds nothing but its key.
func correlationOfKey(key string) string {
	parts := strings.SplitN(key, "/", 5)
	return strings.Join(parts[:min(4, len(parts))], "/")
}

func (s *sums) add(m Movement) {
	s.keys[m.Key] = m
	if m.State != Done {
		return
	}
	switch m.Kind {
	case Charge:
		s.charges++
		s.charged += m.Amount.Minor
		s.captured += m.Amount.Minor
	case Authorize:
		s.charges++
		s.charged += m.Amount.Minor
		s.authorized += m.Amount.Minor
	case Capture:
		s.captures++
		s.captured += m.Amount.Minor
	case Void:
		s.voids++
	case Refund:
		s.refunded += m.Amount.Minor
	case Shipment:
		s.shipments++
	case Cancellation:
		s.withdrawn++
	}
}

// judgeBook finds what a provider may never have done, whatever the order is at.
func (c *Checker) judgeBook(correlation string, s *sums) {
	account, id := c.attempt(correlation)
	f := findings{order: id}
	defer func() { c.add(f) }()
	if account == nil {
		f.order = saga.OrderID{}
		for _, m := range s.keys {
			f.demand(m.State != Done, NoStranger, nil,
				"a provider did a %s of %s for %q, an order that nobody placed", m.Kind, money(m.Amount), m.Correlation)
		}
		return
	}
	f.demand(s.charges <= 1, ChargedOnce, at(account.Charged), "the provider charged the customer %d times", s.charges)
	f.demand(s.captures <= 1 && s.captured <= s.charged, ChargedOnce, at(account.Charged),
		"the provider took the money %d times: %s of %s", s.captures, account.amount(s.captured), account.amount(s.charged))
	f.demand(s.refunded <= s.captured, RefundWithinCharge, at(account.Last),
		"the provider gave back %s of %s that it had taken", account.amount(s.refunded), account.amount(s.captured))
	f.demand(s.shipments <= 1, ShippedOnce, at(account.Shipped), "the carrier created %d shipments for it", s.shipments)
	f.demand(s.withdrawn <= s.shipments, CompensateOnlyDone, at(account.Last),
		"the carrier cancelled more shipments than it had created")
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		c.judgeKey(&f, id, s.keys[key])
	}
}

// judgeKey: what a provider did was announced before, once for each request.
func (c *Checker) judgeKey(f *findings, id saga.OrderID, m Movement) {
	known := c.histories[id].keys[m.Key]
	if known == nil {
		f.demand(m.State == Fenced || c.lost && m.State == Refused, IntentBeforeOutcome, nil,
			"the provider was asked for a %s with the key %q, which no event announced", m.Kind, m.Key)
		return
	}
	f.demand(m.Requests <= known.intents || m.State == Fenced || c.lost, OneTryPerIntent, at(known.first),
		"the provider was asked %d times for the %s, but only %d requests were announced", m.Requests, known.operation, known.intents)
	f.demand(known.fenced == 0 || m.State != Done, FenceHolds, at(known.first, known.fenced),
		"the %s is recorded as one that will never happen, but the provider did it", known.operation)
}

// attempt returns the account that the correlation names, nil if there is none.
func (c *Checker) attempt(correlation string) (*orderAccount, saga.OrderID) {
	parts := strings.Split(correlation, "/")
	if len(parts) != 4 || parts[0] != c.options.StoreID {
		return nil, saga.OrderID{}
	}
	id := saga.OrderID{Namespace: parts[1], Name: parts[2]}
	number, err := strconv.Atoi(parts[3])
	if h := c.histories[id]; h != nil && err == nil {
		return h.attempts[number], id
	}
	return nil, id
}
