// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package prometheus_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

const root = "../.."

var language = parser.NewParser(parser.Options{})

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// rules returns the alerts.
func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	var resource struct{ Spec json.RawMessage }
	if err := yaml.Unmarshal(read(t, "config/components/prometheus/rules.yaml"), &resource); err != nil {
		t.Fatal(err)
	}
	spec, err := yaml.JSONToYAML(resource.Spec)
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(spec, false, model.UTF8Validation, language, slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || len(groups.Groups) == 0 {
		t.Fatal("no rules")
	}
	var all []rulefmt.Rule
	for _, group := range groups.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// panels returns the dashboard's expressions by the titles of their panels.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	var resource struct{ Data map[string]string }
	if err := yaml.Unmarshal(read(t, "config/components/grafana/dashboard.yaml"), &resource); err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(resource.Data["order-operator.json"]), &dashboard); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all[panel.Title] = append(all[panel.Title], target.Expr)
		}
	}
	return all
}

// listed returns the labels of the metrics that docs/metrics.md lists, by name.
func listed(t *testing.T) map[string][]string {
	t.Helper()
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\| ([^|]*)\\|")
	metrics := map[string][]string{}
	for _, match := range row.FindAllStringSubmatch(string(read(t, "docs/metrics.md")), -1) {
		own := strings.FieldsFunc(match[3], func(r rune) bool { return strings.ContainsRune("`, ", r) })
		own = append(own, "job", "namespace", "pod", "instance")
		metrics[match[1]] = own
		if match[2] == "histogram" {
			delete(metrics, match[1])
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				metrics[match[1]+suffix] = append(slices.Clone(own), "le")
			}
		}
	}
	if len(metrics) < 30 {
		t.Fatalf("docs/metrics.md lists %d metrics", len(metrics))
	}
	return metrics
}

// hold fails unless the expression can be parsed and asks for metrics and labels that there are.
func hold(t *testing.T, expression string, metrics map[string][]string) {
	t.Helper()
	parsed, err := language.ParseExpr(expression)
	if err != nil {
		t.Errorf("%v\n%s", err, expression)
		return
	}
	asked := 0
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.VectorSelector:
			asked++
			holdSelector(t, node, metrics)
		case *parser.AggregateExpr:
			holdGrouping(t, node, metrics)
		}
		return nil
	})
	if asked == 0 {
		t.Errorf("it asks for nothing: %s", expression)
	}
}

func holdSelector(t *testing.T, selector *parser.VectorSelector, metrics map[string][]string) {
	t.Helper()
	own, known := metrics[selector.Name]
	if !known {
		t.Errorf("no metric %s in docs/metrics.md", selector.Name)
	}
	for _, matcher := range selector.LabelMatchers {
		if matcher.Name != model.MetricNameLabel && !slices.Contains(own, matcher.Name) {
			t.Errorf("%s has no label %s", selector.Name, matcher.Name)
		}
	}
}

// holdGrouping fails unless the metrics within have the labels that the aggregation keeps.
func holdGrouping(t *testing.T, aggregation *parser.AggregateExpr, metrics map[string][]string) {
	t.Helper()
	parser.Inspect(aggregation.Expr, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for _, label := range aggregation.Grouping {
			if own := metrics[selector.Name]; !aggregation.Without && !slices.Contains(own, label) {
				t.Errorf("%s has no label %s to group by", selector.Name, label)
			}
		}
		return nil
	})
}

func TestTheAlertsAreValidAndAskForMetricsThatThereAre(t *testing.T) {
	metrics := listed(t)
	for _, rule := range rules(t) {
		t.Run(rule.Alert, func(t *testing.T) { hold(t, rule.Expr, metrics) })
	}
}

func TestTheDashboardIsValidAndAsksForMetricsThatThereAre(t *testing.T) {
	metrics := listed(t)
	for title, expressions := range panels(t) {
		t.Run(title, func(t *testing.T) {
			for _, expression := range expressions {
				hold(t, strings.ReplaceAll(expression, "$__rate_interval", "5m"), metrics)
			}
		})
	}
}

func TestEachAlertHasARunbookAndEachRunbookAnAlert(t *testing.T) {
	const base = "https://github.com/eventcore/order-operator/blob/main/"
	var wanted []string
	manual := string(read(t, "docs/metrics.md"))
	for _, rule := range rules(t) {
		path, ok := strings.CutPrefix(rule.Annotations["runbook_url"], base)
		if !ok || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" || rule.Labels["severity"] == "" {
			t.Errorf("%s lacks an annotation or its severity", rule.Alert)
			continue
		}
		wanted = append(wanted, path)
		if page := string(read(t, path)); !strings.Contains(page, "Alert: `"+rule.Alert+"`.") {
			t.Errorf("%s is not about %s", path, rule.Alert)
		}
		if link := "| `" + rule.Alert + "` | ["; !strings.Contains(manual, link) || !strings.Contains(manual, "]("+strings.TrimPrefix(path, "docs/")+")") {
			t.Errorf("docs/metrics.md does not list %s", rule.Alert)
		}
	}
	found, err := filepath.Glob(filepath.Join(root, "docs", "runbooks", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if relative, _ := filepath.Rel(root, path); !slices.Contains(wanted, filepath.ToSlash(relative)) {
			t.Errorf("no alert leads to %s", relative)
		}
	}
}

func TestRunbooksTellWhatItMeansHowToSeeItAndWhatToDo(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(root, "docs", "runbooks", "*.md"))
	if err != nil || len(found) == 0 {
		t.Fatal("no runbooks", err)
	}
	for _, path := range found {
		relative, _ := filepath.Rel(root, path)
		page := string(read(t, relative))
		for _, wanted := range []string{"\n## What it means\n", "\n## How to see it\n", "\n## What to do\n", "kubectl "} {
			if !strings.Contains(page, wanted) {
				t.Errorf("%s lacks %q", relative, wanted)
			}
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(page, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), link[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", relative, link[1])
			}
		}
	}
}
