// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package prometheus_test

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// scenes are series by which an alert fires, and others by which it does not: each has a sample a minute.
var scenes = map[string]struct{ fires, quiet string }{
	"OrderOperatorDown": {`other 1x40`, `order_operator_store_up 0x40`},
	"OrderOperatorStoreDown": {
		`order_operator_store_up{pod="a"} 0x40
		 order_operator_history_held{pod="a", reason="RolledBack"} 0x40`,
		`order_operator_store_up{pod="a"} 0x40
		 order_operator_history_held{pod="a", reason="RolledBack"} 1x40`,
	},
	"OrderOperatorHistoryHeld":       {`order_operator_history_held{reason="RolledBack"} 1x40`, `order_operator_history_held{reason="RolledBack"} 0x40`},
	"OrderOperatorInvariantViolated": {`order_operator_invariant_violations_total{rule="ChargedOnce"} 0x25 1x14`, `order_operator_invariant_violations_total{rule="ChargedOnce"} 3x40`},
	"OrderOperatorCheckerDown":       {`order_operator_invariant_checker_up 0x40`, "order_operator_invariant_checker_up{pod=\"a\"} 1x40\norder_operator_invariant_checker_up{pod=\"b\"} 0x40"},
	"OrderOperatorOrdersStuck":       {`order_operator_orders_stuck 2x40`, `order_operator_orders_stuck 0x40`},
	"OrderOperatorNeedsAttention":    {`order_operator_orders_needing_attention{reason="RefundRefused"} 1x40`, `order_operator_orders_needing_attention{reason="RefundRefused"} 0x40`},
	"OrderOperatorOrdersMissing":     {`order_operator_absence_valve_closed 1x40`, `order_operator_absence_valve_closed 0x40`},
	"OrderOperatorCircuitOpen": {
		`order_operator_circuit_state{kind="Carrier", name="default", calls="acting"} 2x40`,
		`order_operator_circuit_state{kind="Carrier", name="default", calls="acting"} 1x40`,
	},
	"OrderOperatorUnknownOutcomes": {
		`order_operator_provider_calls_total{kind="Carrier", name="default", verb="do", result="unknown"} 0+2x40
		 order_operator_provider_calls_total{kind="Carrier", name="default", verb="do", result="succeeded"} 0+10x40`,
		`order_operator_provider_calls_total{kind="Carrier", name="default", verb="do", result="unknown"} 0+2x40
		 order_operator_provider_calls_total{kind="Carrier", name="default", verb="do", result="succeeded"} 0+100x40`,
	},
	"OrderOperatorFeedLag": {`order_operator_feed_lag_seconds 45x40`, `order_operator_feed_lag_seconds 1x40`},
	"OrderOperatorStatusLag": {
		`order_operator_status_lag_seconds_bucket{le="30"} 0+1x40
		 order_operator_status_lag_seconds_bucket{le="60"} 0+10x40
		 order_operator_status_lag_seconds_bucket{le="+Inf"} 0+10x40`,
		`order_operator_status_lag_seconds_bucket{le="30"} 0+10x40
		 order_operator_status_lag_seconds_bucket{le="60"} 0+10x40
		 order_operator_status_lag_seconds_bucket{le="+Inf"} 0+10x40`,
	},
	"OrderOperatorStoreErrors": {`order_operator_store_errors_total{reason="unavailable"} 0+1x40`, `order_operator_store_errors_total{reason="unavailable"} 5x40`},
	"OrderOperatorQueueStarved": {
		`workqueue_depth{job="order-operator-metrics", controller="order", priority="-100"} 7x40`,
		`workqueue_depth{job="order-operator-metrics", controller="order", priority="0"} 7x40`,
	},
	"OrderOperatorHotLoop": {
		`controller_runtime_reconcile_total{job="order-operator-metrics", controller="order", result="success"} 0+6000x40
		 order_operator_events_total{type="OrderCreated"} 0+60x40
		 order_operator_orders_open 10x40`,
		`controller_runtime_reconcile_total{job="order-operator-metrics", controller="order", result="success"} 0+6000x40
		 order_operator_events_total{type="OrderCreated"} 0+600x40
		 order_operator_orders_open 10x40`,
	},
	"OrderOperatorReconcileErrors": {
		`controller_runtime_reconcile_errors_total{job="order-operator-metrics", controller="order"} 0+60x40`,
		`controller_runtime_reconcile_errors_total{job="order-operator-metrics", controller="order"} 0+1x40`,
	},
	"OrderOperatorMemory": {
		`process_resident_memory_bytes{job="order-operator-metrics", namespace="order-system", pod="a"} 100x40
		 go_gc_gomemlimit_bytes{job="order-operator-metrics", namespace="order-system", pod="a"} 100x40`,
		`process_resident_memory_bytes{job="order-operator-metrics", namespace="order-system", pod="a"} 50x40
		 go_gc_gomemlimit_bytes{job="order-operator-metrics", namespace="order-system", pod="a"} 100x40`,
	},
}

func TestEachAlertFiresWhenItShouldAndOnlyThen(t *testing.T) {
	for _, rule := range rules(t) {
		scene, known := scenes[rule.Alert]
		if !known {
			t.Errorf("nobody knows when %s fires", rule.Alert)
			continue
		}
		t.Run(rule.Alert, func(t *testing.T) {
			if found := evaluate(t, rule.Expr, scene.fires); found == 0 {
				t.Error("it does not fire")
			}
			if found := evaluate(t, rule.Expr, scene.quiet); found > 0 {
				t.Error("it fires although all is well")
			}
		})
	}
}

// evaluate returns how many series the expression has after half an hour of the scene.
func evaluate(t *testing.T, expression, series string) int {
	t.Helper()
	storage := promqltest.LoadedStorage(t, "load 1m\n"+series)
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	query, err := engine.NewInstantQuery(t.Context(), storage, nil, expression, time.Unix(0, 0).Add(30*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	result := query.Exec(t.Context())
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	vector, ok := result.Value.(promql.Vector)
	if !ok {
		t.Fatalf("it is a %T", result.Value)
	}
	return len(vector)
}
