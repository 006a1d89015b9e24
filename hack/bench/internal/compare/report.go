// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Report is what Run has found.
type Report struct {
	measured []line
	outcomes []outcome
	// Skipped says what was not measured, and why.
	Skipped []string
}

// line is a workload with the medians of its figures.
type line struct {
	workload       string
	rate, p50, p99 float64
	// used is what an operation has used, by what it is.
	used map[string]float64
}

// outcome is a row with the medians of its figures and of their ratios.
type outcome struct {
	row                    Row
	ours, limit            float64
	ratio, lowest, highest float64
}

func (r *Report) add(group Group, rounds results) {
	for _, workload := range group.Workloads {
		measured := rounds[workload.Name]
		r.measured = append(r.measured, line{
			workload: workload.Name,
			rate:     median(each(measured, Rate("").Of)),
			p50:      median(each(measured, Latency("", 0.5).Of)),
			p99:      median(each(measured, Latency("", 0.99).Of)),
			used:     used(measured),
		})
	}
	for _, row := range group.Rows {
		ours, limits := each(rounds[row.Ours.Workload], row.Ours.Of), []float64{row.Limit.Of(&measure.Result{})}
		if row.Limit.Workload != "" {
			limits = each(rounds[row.Limit.Workload], row.Limit.Of)
		}
		ratios := make([]float64, len(ours))
		for round := range ours {
			ratios[round] = ours[round] / limits[min(round, len(limits)-1)]
		}
		r.outcomes = append(r.outcomes, outcome{
			row: row, ours: median(ours), limit: median(limits),
			ratio: median(ratios), lowest: slices.Min(ratios), highest: slices.Max(ratios),
		})
	}
}

// used returns the medians of what an operation has used.
func used(rounds []measure.Result) map[string]float64 {
	used := map[string]float64{}
	for i := range rounds {
		for what := range rounds[i].Used {
			used[what] = median(each(rounds, Each("", what).Of))
		}
	}
	return used
}

func each(rounds []measure.Result, figure func(*measure.Result) float64) []float64 {
	figures := make([]float64, len(rounds))
	for i := range rounds {
		figures[i] = figure(&rounds[i])
	}
	return figures
}

func median(figures []float64) float64 {
	figures = slices.Sorted(slices.Values(figures))
	middle := len(figures) / 2
	if len(figures)%2 == 1 {
		return figures[middle]
	}
	return (figures[middle-1] + figures[middle]) / 2
}

// verdict is ok where the target is reached, and otherwise short.
func (o outcome) verdict() string {
	if o.row.Target.met(o.ratio, o.row.Target.Bound) {
		return "ok"
	}
	return "short"
}

// Empty says that no row was wanted.
func (r *Report) Empty() bool { return len(r.outcomes)+len(r.Skipped) == 0 }

// Print writes what was measured, and then how it compares; nothing if that is nothing.
func (r *Report) Print(w io.Writer) error {
	if r.Empty() {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	write(table, "measured", "rate", "p50", "p99")
	for _, l := range r.measured {
		write(table, l.workload, formatRate(l.rate), formatSeconds(l.p50), formatSeconds(l.p99))
	}
	r.printUsed(table)
	write(table)
	write(table, "compared", "ours", "limit", "ratio", "of all rounds", "target", "")
	for _, o := range r.outcomes {
		write(table, o.row.Name, o.row.Ours.Format(o.ours), o.row.Limit.Format(o.limit), formatRatio(o.ratio),
			formatRatio(o.lowest)+" to "+formatRatio(o.highest),
			fmt.Sprintf("%s %vx", o.row.Target.Sign, o.row.Target.Bound), o.verdict())
	}
	for _, skipped := range r.Skipped {
		write(table, "skipped: "+skipped)
	}
	write(table, r.summary())
	return table.Flush()
}

// printUsed writes what the operations have used, if that was measured.
func (r *Report) printUsed(w io.Writer) {
	columns := map[string]bool{}
	for _, l := range r.measured {
		for what := range l.used {
			columns[what] = true
		}
	}
	if len(columns) == 0 {
		return
	}
	whats := slices.Sorted(maps.Keys(columns))
	write(w)
	write(w, append([]string{"used by each"}, whats...)...)
	for _, l := range r.measured {
		if len(l.used) == 0 {
			continue
		}
		cells := []string{l.workload}
		for _, what := range whats {
			cell := "-"
			if amount, ok := l.used[what]; ok {
				cell = formatAmount(amount)
			}
			cells = append(cells, cell)
		}
		write(w, cells...)
	}
}

// summary says that a row that is short is a finding, not a failure of the program.
func (r *Report) summary() string {
	short := 0
	for _, o := range r.outcomes {
		if o.verdict() != "ok" {
			short++
		}
	}
	return fmt.Sprintf("%d rows: %d ok, %d short (which is no error: the exit code is 0), %d groups skipped",
		len(r.outcomes), len(r.outcomes)-short, short, len(r.Skipped))
}
