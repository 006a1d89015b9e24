// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

const (
	// grace is how long something that was due may take to happen: as long as the running checker gives it.
	grace = 10 * time.Minute
	// chunk is how many events are read at once: a long read holds up the store's upkeep.
	chunk = 5_000
	// maxViolations bounds a report.
	maxViolations = 100
)

var rules = len(verify.Always()) + len(verify.AtRest())

// verifyOrder holds the events of one order against the rules. Those of products need the events of other orders: they
// are left out.
func (r *reader) verifyOrder(ctx context.Context, id saga.OrderID, now time.Time) (*historyv1.Report, error) {
	if _, err := r.begin(ctx, id); err != nil {
		return nil, err
	}
	report, err := r.audit(ctx, ofOrder(id), verify.Options{KeepSettled: true}, now)
	if err != nil {
		return nil, err
	}
	report.report.Products = 0
	return report.about(func(v verify.Violation) bool { return v.Product == (saga.ProductID{}) }), nil
}

// verifyEvents holds all events of the namespace, or of all, against the rules.
func (r *reader) verifyEvents(ctx context.Context, namespace string, now time.Time) (*historyv1.Report, error) {
	filter := eventcore.Filter{Prefixes: []string{orderPrefix(namespace), productPrefix(namespace)}}
	report, err := r.audit(ctx, filter, verify.Options{}, now)
	if err != nil {
		return nil, err
	}
	return report.about(within(namespace)), nil
}

// audited is what an audit has found.
type audited struct {
	report historyv1.Report
	found  []verify.Violation
}

// about returns the report of the violations that count.
func (a *audited) about(counts func(verify.Violation) bool) *historyv1.Report {
	kept := slices.DeleteFunc(a.found, func(v verify.Violation) bool { return !counts(v) })
	a.report.Omitted = max(0, len(kept)-maxViolations)
	a.report.Violations = violations(kept[:len(kept)-a.report.Omitted])
	return &a.report
}

func within(namespace string) func(verify.Violation) bool {
	return func(v verify.Violation) bool {
		return namespace == "" || v.Order.Namespace == namespace || v.Product.Namespace == namespace
	}
}

// audit reads the events up to the store's head.
func (r *reader) audit(ctx context.Context, filter eventcore.Filter, options verify.Options, now time.Time) (*audited, error) {
	head, err := r.head(ctx)
	if err != nil {
		return nil, err
	}
	options.StoreID = head.StoreID
	checker := verify.New(options)
	a := &audited{report: historyv1.Report{History: head, Method: historyv1.MethodEvents, Rules: rules}}
	orders, products := map[saga.OrderID]bool{}, map[saga.ProductID]bool{}
	for event, err := range r.chunks(ctx, filter, eventcore.Position(head.Position)) {
		if err == nil {
			err = r.registry.Decode(event)
		}
		if err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		checker.Apply(event)
		a.report.Events++
		if id, ok := saga.OrderOf(event); ok {
			orders[id] = true
		}
		for _, id := range saga.ProductsOf(event) {
			products[id] = true
		}
	}
	if err := checker.Rest(verify.Evidence{Now: now, Grace: grace}); err != nil {
		return nil, err
	}
	a.report.Orders, a.report.Products, a.found = len(orders), len(products), checker.Violations()
	return a, nil
}

// chunks yields the events up to the position, a few thousand at a time.
func (r *reader) chunks(ctx context.Context, filter eventcore.Filter, last eventcore.Position) iter.Seq2[*eventcore.Event, error] {
	return func(yield func(*eventcore.Event, error) bool) {
		query := eventcore.Query{Filter: filter, Limit: chunk}
		for read := chunk; read == chunk; {
			read = 0
			for event, err := range r.events(ctx, query) {
				if err == nil && event.Position > last {
					return
				}
				if !yield(event, err) || err != nil {
					return
				}
				query.After = event.Position
				read++
			}
		}
	}
}

// verifyChecker tells what the running checker has found in the namespace, or in all.
func (r *reader) verifyChecker(ctx context.Context, namespace string, now time.Time) (*historyv1.Report, error) {
	model, err := r.store.ReadModel(verify.ProjectionName)
	if err != nil {
		return nil, fmt.Errorf("open the checker's read model: %w", err)
	}
	position, err := model.Checkpoint(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the checker's position: %w", err)
	}
	var documents []eventcore.Document
	for document, err := range model.All(ctx) {
		if err != nil {
			return nil, fmt.Errorf("read what the checker has found: %w", err)
		}
		documents = append(documents, document)
	}
	a := audited{report: historyv1.Report{History: r.upTo(position), Method: historyv1.MethodChecker, Rules: rules}}
	if a.found, err = verify.Found(inOrder(documents)); err != nil {
		return nil, err
	}
	overdue, err := verify.Overdue(inOrder(documents), now, grace)
	if err != nil {
		return nil, err
	}
	a.found = append(a.found, overdue...)
	return a.about(within(namespace)), nil
}

func inOrder(documents []eventcore.Document) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, document := range documents {
			if !yield(document.Key, document.Value) {
				return
			}
		}
	}
}
