// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// secrets are what nobody may read: the token and the address of the samples.
var secrets = []string{"sim_approve", "sim_decline", "Ada Lovelace", "St James"}

// metric is what docs/metrics.md says of one, and what the manager serves.
type metric struct {
	kind   string
	labels []string
}

// listed returns the metrics of the manual.
func listed(t *testing.T) map[string]metric {
	t.Helper()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\| ([^|]*)\\|")
	metrics := map[string]metric{}
	for _, match := range row.FindAllStringSubmatch(string(page), -1) {
		labels := strings.FieldsFunc(match[3], func(r rune) bool { return strings.ContainsRune("`, ", r) })
		slices.Sort(labels)
		metrics[match[1]] = metric{kind: match[2], labels: labels}
	}
	return metrics
}

var (
	typeLine = regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`)
	label    = regexp.MustCompile(`[{,]([a-z_]+)="`)
)

// served returns the metrics of the scrape.
func served() map[string]metric {
	metrics := map[string]metric{}
	for _, match := range typeLine.FindAllStringSubmatch(scraped, -1) {
		found := metric{kind: match[2]}
		sample := regexp.MustCompile(`(?m)^` + match[1] + `(?:_bucket|_sum|_count)?(\{.*\})? `)
		for _, line := range sample.FindAllStringSubmatch(scraped, -1) {
			for _, name := range label.FindAllStringSubmatch(line[1], -1) {
				if name[1] != "le" && !slices.Contains(found.labels, name[1]) {
					found.labels = append(found.labels, name[1])
				}
			}
		}
		slices.Sort(found.labels)
		metrics[match[1]] = found
	}
	return metrics
}

func TestTheManagerServesTheMetricsOfTheManualAndNoOthersOfItsOwn(t *testing.T) {
	manual, scraped := listed(t), served()
	for name, want := range manual {
		if got := scraped[name]; got.kind != want.kind || !slices.Equal(got.labels, want.labels) {
			t.Errorf("%s is %+v, and %+v in docs/metrics.md", name, got, want)
		}
	}
	for name := range scraped {
		if _, known := manual[name]; !known && strings.HasPrefix(name, "order_operator_") {
			t.Errorf("docs/metrics.md does not list %s", name)
		}
	}
	for name, of := range scraped {
		for _, forbidden := range []string{"order", "uid", "customer"} {
			if slices.Contains(of.labels, forbidden) {
				t.Errorf("%s has the label %s", name, forbidden)
			}
		}
	}
}

func TestTheManagerCountsWhatHasHappened(t *testing.T) {
	for _, line := range []string{
		`order_operator_orders_finished_total{outcome="Completed"} 1`,
		`order_operator_orders_finished_total{outcome="Cancelled"} 1`,
		`order_operator_order_compensations_total{reason="PaymentDeclined",step="ProcessPayment"} 1`,
		`order_operator_orders_open 0`,
		`order_operator_store_up 1`,
		`order_operator_circuit_state{calls="acting",kind="PaymentGateway",name="default"} 0`,
		`order_operator_provider_calls_total{kind="Carrier",name="default",result="succeeded",verb="do"} 1`,
		`order_operator_history_held{reason="RolledBack"} 0`,
		`order_operator_status_lag_seconds_count 2`,
	} {
		if !strings.Contains(scraped, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			t.Errorf("the manager does not serve\n%s\nbut\n%s", line, strings.Join(regexp.MustCompile(`(?m)^`+name+`.*$`).FindAllString(scraped, -1), "\n"))
		}
	}
}

func TestTheLogTellsAWholeOrder(t *testing.T) {
	var told []string
	for line := range strings.Lines(logged) {
		var values map[string]any
		if err := json.Unmarshal([]byte(line), &values); err != nil {
			t.Errorf("no JSON: %s", line)
			continue
		}
		if !strings.Contains(line, "order-001") {
			continue
		}
		correlation, _ := values["correlationID"].(string)
		if values["Order"] != "shop/order-001" || !strings.HasSuffix(correlation, "/shop/order-001/1") {
			t.Errorf("a line about the order does not name it: %s", line)
		}
		if values["logger"] == "saga" && values["level"] == "info" {
			told = append(told, values["msg"].(string))
		}
	}
	want := []string{
		"Order accepted", "Stock reserved", "Payment made", "Shipment created",
		"Order completed: the goods are released to the carrier",
	}
	if !slices.Equal(slices.DeleteFunc(told, func(message string) bool { return strings.HasPrefix(message, "Order waits") }), want) {
		t.Errorf("the log tells\n%s\nwant\n%s\n\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"), logged)
	}
	for _, secret := range secrets {
		if strings.Contains(logged, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
