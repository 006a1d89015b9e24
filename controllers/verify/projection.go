// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/eventcore"
)

// ProjectionName is that of the read model which a Monitor keeps.
const ProjectionName = "verify"

// The keys of the read model's documents begin with these; the rest is namespace/name.
const (
	orderKey     = "order/"
	productKey   = "product/"
	violationKey = "violation/"
)

// keptViolations is how many violations of one order or product are kept; all are counted and told of.
const keptViolations = 8

// MonitorOptions configure a Monitor.
type MonitorOptions struct {
	// StoreID is the store's. Required.
	StoreID string
	// Violated is told of each violation, from the projector's goroutine: again after a crash whose events were not
	// saved. It may be nil.
	Violated func(violation Violation)
}

// Monitor is the checker as a projection that runs all the time. Its methods may be called concurrently.
type Monitor struct {
	options MonitorOptions

	mu     sync.Mutex
	counts map[Rule]uint64
}

// NewMonitor returns a monitor that has found nothing.
func NewMonitor(options MonitorOptions) *Monitor {
	return &Monitor{options: options, counts: map[Rule]uint64{}}
}

// Projection returns the projection, for an eventcore.Projector. Its read model holds the accounts of the orders that
// are not settled, those of all products, and what was found.
func (m *Monitor) Projection() eventcore.Projection {
	orders, products := saga.OrderID{}.Stream(), saga.ProductID{}.Stream()
	return eventcore.Projection{
		Name: ProjectionName,
		Filter: eventcore.Filter{Prefixes: []string{
			strings.TrimSuffix(string(orders), "/"), strings.TrimSuffix(string(products), "/"),
		}},
		Apply: m.apply,
	}
}

// Counts returns how many violations of each rule this process was shown, for a counter by rule.
func (m *Monitor) Counts() map[Rule]uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.counts)
}

func (m *Monitor) apply(documents *eventcore.Documents, event *eventcore.Event) error {
	var found []Violation
	if id, ok := saga.OrderOf(event); ok {
		violations, err := applyOrder(documents, id, event, m.options.StoreID)
		if err != nil {
			return err
		}
		found = append(found, violations...)
	} else if len(saga.ProductsOf(event)) > 0 {
		found = append(found, attributionOfSupply(event, m.options.StoreID).list...)
	}
	for _, id := range saga.ProductsOf(event) {
		violations, err := applyProduct(documents, id, event)
		if err != nil {
			return err
		}
		found = append(found, violations...)
	}
	for _, violation := range found {
		if err := m.found(documents, violation); err != nil {
			return err
		}
	}
	return nil
}

func applyOrder(documents *eventcore.Documents, id saga.OrderID, event *eventcore.Event, store string) ([]Violation, error) {
	var account *orderAccount
	if _, err := documents.Get(orderKey+id.String(), &account); err != nil {
		return nil, err
	}
	account, found := visitOrder(account, id, event, store)
	if account == nil || account.settled() {
		documents.Delete(orderKey + id.String())
		return found.list, nil
	}
	return found.list, documents.Put(orderKey+id.String(), account)
}

func applyProduct(documents *eventcore.Documents, id saga.ProductID, event *eventcore.Event) ([]Violation, error) {
	v := productVisit{findings: findings{product: id}, account: &productAccount{}, event: event}
	if _, err := documents.Get(productKey+id.String(), v.account); err != nil {
		return nil, err
	}
	v.apply()
	return v.list, documents.Put(productKey+id.String(), v.account)
}

// found keeps the violation and tells of it.
func (m *Monitor) found(documents *eventcore.Documents, violation Violation) error {
	key := violationKey + violation.Subject()
	var kept []Violation
	if _, err := documents.Get(key, &kept); err != nil {
		return err
	}
	if len(kept) < keptViolations {
		if err := documents.Put(key, append(kept, violation)); err != nil {
			return err
		}
	}
	m.mu.Lock()
	m.counts[violation.Rule]++
	m.mu.Unlock()
	if m.options.Violated != nil {
		m.options.Violated(violation)
	}
	return nil
}

// Found returns the violations that the read model keeps, also those of processes before: see
// eventcore.Projector.Documents.
func Found(documents iter.Seq2[string, []byte]) ([]Violation, error) {
	var found []Violation
	for key, value := range documents {
		if !strings.HasPrefix(key, violationKey) {
			continue
		}
		var kept []Violation
		if err := json.Unmarshal(value, &kept); err != nil {
			return nil, fmt.Errorf("verify: document %s: %w", key, err)
		}
		found = append(found, kept...)
	}
	return found, nil
}

// Overdue returns what is wrong now because nothing happens: orders of which something was due longer ago than grace,
// and products that hold more reservations than there are open orders. Call it from time to time.
func Overdue(documents iter.Seq2[string, []byte], now time.Time, grace time.Duration) ([]Violation, error) {
	c := New(Options{})
	for key, value := range documents {
		if err := c.load(key, value); err != nil {
			return nil, fmt.Errorf("verify: document %s: %w", key, err)
		}
	}
	for _, id := range c.orderIDs() {
		f := findings{order: id}
		c.orders[id].stuck(&f, now, grace)
		c.add(f)
	}
	c.productsAtRest(Evidence{})
	return c.violations, nil
}

func (c *Checker) load(key string, value []byte) error {
	if rest, ok := strings.CutPrefix(key, orderKey); ok {
		namespace, name, _ := strings.Cut(rest, "/")
		account := &orderAccount{}
		c.orders[saga.OrderID{Namespace: namespace, Name: name}] = account
		return json.Unmarshal(value, account)
	}
	if rest, ok := strings.CutPrefix(key, productKey); ok {
		namespace, name, _ := strings.Cut(rest, "/")
		account := &productAccount{}
		c.products[saga.ProductID{Namespace: namespace, Name: name}] = account
		return json.Unmarshal(value, account)
	}
	return nil
}
