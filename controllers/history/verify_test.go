// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package history_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/eventcore/order-operator/controllers/history"
	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
	"github.com/eventcore/order-operator/controllers/saga"
	"github.com/eventcore/order-operator/controllers/verify"
	"github.com/eventcore/order-operator/eventcore"
)

// check has the checker judge everything up to now, as the operator does all the time.
func (o *office) check() {
	o.Helper()
	monitor := verify.NewMonitor(verify.MonitorOptions{StoreID: storeID.String()})
	projector, err := eventcore.NewProjector(o.Context(), o.Store, saga.NewRegistry(), monitor.Projection(), eventcore.ProjectorOptions{})
	if err != nil {
		o.Fatal(err)
	}
	if err := projector.CatchUp(o.Context()); err != nil {
		o.Fatal(err)
	}
}

func found(report historyv1.Report) string {
	var rows []string
	for _, v := range report.Violations {
		rows = append(rows, v.Rule+" of "+v.Kind+" "+v.Namespace+"/"+v.Name)
	}
	return strings.Join(slices.Compact(rows), ", ")
}

func TestARightOrderViolatesNothing(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	o.check()
	for path, want := range map[string]historyv1.Report{
		firstPath + "/verify":                {Method: "Events", Events: 7, Orders: 1},
		"/namespaces/shop/verify":            {Method: "Checker"},
		"/verify":                            {Method: "Checker"},
		"/namespaces/shop/verify?full=true":  {Method: "Events", Events: 8, Orders: 1, Products: 1},
		"/verify?full=true":                  {Method: "Events", Events: 8, Orders: 1, Products: 1},
		"/namespaces/other/verify?full=true": {Method: "Events"},
	} {
		got := tells[historyv1.Report](o, path)
		if len(got.Violations) > 0 || got.Method != want.Method || got.Events != want.Events ||
			got.Orders != want.Orders || got.Products != want.Products || got.Rules != 37 || got.History.Position != 8 {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func TestAViolationIsFoundWhicheverWayOneLooks(t *testing.T) {
	o := newOffice(t, history.Limits{})
	complete(o, first)
	o.records(first, saga.PaymentProcessed{Generation: 1, Reference: "ch_2", Amount: total}) // a second time
	o.records(saga.OrderID{Namespace: "other", Name: "order-009"}, ordered()...)
	o.check()
	for path, want := range map[string]string{
		firstPath + "/verify":               "order-001",
		"/namespaces/shop/verify":           "order-001",
		"/namespaces/shop/verify?full=true": "order-001",
		"/verify":                           "order-001",
		"/verify?full=true":                 "order-001",
	} {
		if got := found(tells[historyv1.Report](o, path)); !strings.Contains(got, want) {
			t.Errorf("%s found %q, wanted something of %s", path, got, want)
		}
	}
	if got := found(tells[historyv1.Report](o, "/namespaces/shop/verify")); strings.Contains(got, "other/") {
		t.Errorf("the shop is told of others: %q", got)
	}
}

// TestAnOrderThatIsStuckIsFound: the clock stands an hour after the last event.
func TestAnOrderThatIsStuckIsFound(t *testing.T) {
	o := newOffice(t, history.Limits{})
	o.records(first, supplied())
	o.records(first, ordered()...)
	o.check()
	for _, path := range []string{firstPath + "/verify", "/verify", "/verify?full=true"} {
		report := tells[historyv1.Report](o, path)
		if got := found(report); got != "NothingStuck of Order shop/order-001" {
			t.Errorf("%s found %q", path, got)
		}
	}
}
