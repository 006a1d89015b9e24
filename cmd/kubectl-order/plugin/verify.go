// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	historyv1 "github.com/eventcore/order-operator/controllers/history/v1"
)

// checking is the command line of verify.
type checking struct {
	output    format
	all, full bool
}

func (p *plugin) verifyCommand() *cobra.Command {
	var v checking
	command := &cobra.Command{
		Use: "verify [NAME]", Short: "Check that money and stock add up",
		Long: `Check the invariants: that nobody was charged twice, that what was refused was given back,
that no unit is sold twice, that nothing is stuck, and some thirty more.

With a NAME, the events of that order are held against them now. Without, what the checker has
found that runs in the operator all the time; with --full, all events are read again, which
may take minutes. The exit code is 3 if something is wrong.`,
		Example: `  kubectl order verify                 # the orders and products of the namespace
  kubectl order verify -A --full       # of all, reading every event again
  kubectl order verify order-001`,
		Args: func(command *cobra.Command, names []string) error {
			if len(names) > 1 {
				return misused("name one order at most: %s", command.UseLine())
			}
			return nil
		},
		ValidArgsFunction: p.completeNames(orders, false),
		RunE: func(command *cobra.Command, names []string) error {
			if err := v.output.validate(); err != nil {
				return err
			}
			if len(names) > 0 && (v.all || v.full) {
				return misused("a NAME can't be combined with --all-namespaces or --full")
			}
			return p.verify(command.Context(), v, names)
		},
	}
	command.Flags().BoolVarP(&v.all, "all-namespaces", "A", false, "Check the orders and products of all namespaces.")
	command.Flags().BoolVar(&v.full, "full", false, "Read all events again, instead of asking what the running checker has found.")
	v.output.bind(command, formatWide, formatJSON, formatYAML)
	return command
}

func (p *plugin) verify(ctx context.Context, v checking, names []string) error {
	c, err := p.connect()
	if err != nil {
		return err
	}
	h, err := p.historian(ctx, c)
	if err != nil {
		return err
	}
	path, parameters := scope(namespaceOf(c, v.all))+"verify", query{}
	if len(names) > 0 {
		path = scope(c.namespace) + "orders/" + names[0] + "/verify"
	}
	if v.full {
		parameters["full"] = "true"
	}
	var report historyv1.Report
	if err := h.ask(ctx, path, parameters, &report); err != nil {
		return err
	}
	if err := p.printReport(report, v); err != nil {
		return err
	}
	if len(report.Violations) > 0 {
		return errViolated
	}
	return nil
}

func (p *plugin) printReport(report historyv1.Report, v checking) error {
	if v.output.structured() {
		return p.printDocument(v.output, report)
	}
	if len(report.Violations) == 0 {
		p.say("%s: no invariant is violated, %s", p.paint.text("ok", green), extent(report))
		return nil
	}
	heads := []string{"RULE", "OF", "WHAT IS WRONG"}
	if v.output.wide() {
		heads = []string{"RULE", "OF", "EVENTS", "WHAT IS WRONG"}
	}
	t := p.table(heads...)
	for _, violation := range report.Violations {
		row := []cell{{violation.Rule, red}, {text: violationOf(violation)}, {text: violation.Explanation}}
		if v.output.wide() {
			row = []cell{row[0], row[1], {text: strings.Trim(fmt.Sprint(violation.Positions), "[]")}, row[2]}
		}
		t.add(row...)
	}
	if err := t.flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.Streams.ErrOut, "%s, %s\n", counted(len(report.Violations)+report.Omitted, "violation"), extent(report))
	return nil
}

// extent says what was checked.
func extent(report historyv1.Report) string {
	if report.Method == historyv1.MethodChecker {
		return fmt.Sprintf("by the operator's checker, which has come to event %d", report.History.Position)
	}
	what := fmt.Sprintf("in %s of %s", counted(report.Events, "event"), counted(report.Orders, "order"))
	if report.Products > 0 {
		what += " and " + counted(report.Products, "product")
	}
	return what
}

func violationOf(v historyv1.Violation) string {
	if v.Kind == "" {
		return "the event store"
	}
	return strings.ToLower(v.Kind) + " " + v.Namespace + "/" + v.Name
}
