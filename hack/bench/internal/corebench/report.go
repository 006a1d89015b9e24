// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package corebench

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
)

// Report is what Run has found.
type Report struct {
	rows    []row
	skipped []string
}

// original is what EventCore 2.0.1, in Rust, did in a scenario.
type original struct {
	// figure is how it was reported, and rate the same in operations a second.
	figure string
	rate   float64
	// target is what the ratio of our rate to it is to reach; 0 where the two do not do the same.
	target float64
}

// took is for scenarios that were reported by the time that an operation takes.
func took(d time.Duration, target float64) original {
	return original{figure: d.String(), rate: 1 / d.Seconds(), target: target}
}

// originals were measured on a machine of the same kind: two shared cores, and a disk that does 2,300 to 4,500
// fdatasync a second. The scenarios that are missing were not measured, nor were any on its PostgreSQL store. Where the design
// names no target it is to be no slower than the original. What is read has none: the original's benchmark clones
// events that a stub holds in memory, and ours starts an executor and decodes what it reads.
var originals = map[lab.Kind]map[string]original{
	lab.Memory: {
		"contention":                        {figure: "1,375/s, p99 301ms", rate: 1_375, target: 1},
		"projection":                        {figure: "694,000/s", rate: 694_000, target: 1},
		"execute, empty stream":             took(originalEmpty, 0.5),
		"execute, two empty streams":        took(2300*time.Nanosecond, 1),
		"execute, 0 events of history":      took(originalEmpty, 0.5),
		"execute, 100 events of history":    took(8*time.Microsecond, 1),
		"execute, 100 events read":          took(8*time.Microsecond, 0),
		"execute, 1,000 events of history":  took(73*time.Microsecond, 1),
		"execute, 1,000 events read":        took(73*time.Microsecond, 0),
		"execute, 10,000 events of history": took(original10000, 100),
		"execute, 10,000 events read":       took(original10000, 0),
	},
	lab.SQLite: {
		"contention": {figure: "208/s, p99 1.4s", rate: 208, target: 1},
		"projection": {figure: "919/s", rate: 919, target: 1},
	},
}

// Empty says that no scenario was wanted.
func (r *Report) Empty() bool { return len(r.rows)+len(r.skipped) == 0 }

// Print writes a table of the scenarios; nothing if there are none.
func (r *Report) Print(w io.Writer) error {
	if r.Empty() {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	cells := []string{
		"scenario", "store", "ops", "rate", "p50", "p95", "p99", "max", "failed", "retried", "correct",
		"EventCore 2.0.1", "ratio", "target", "",
	}
	_, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) // an error comes back from Flush
	for _, found := range r.rows {
		_, _ = fmt.Fprintln(table, strings.Join(found.cells(), "\t"))
	}
	for _, skipped := range r.skipped {
		_, _ = fmt.Fprintln(table, "skipped: "+skipped)
	}
	_, _ = fmt.Fprintln(table)
	return table.Flush()
}

func (r *row) cells() []string {
	cells := []string{
		r.name, string(r.kind), compare.Count(r.result.Operations), compare.Rate("").Format(r.result.Rate()),
	}
	for _, share := range []float64{0.5, 0.95, 0.99, 1} {
		latency := compare.Latency("", share)
		cells = append(cells, latency.Format(latency.Of(&r.result)))
	}
	cells = append(cells, compare.Count(r.failed), compare.Count(r.retried), r.correct())
	return append(cells, originals[r.kind][r.name].compared(r.result.Rate())...)
}

func (r *row) correct() string {
	switch {
	case r.wrong != nil:
		return "NO: " + strings.ReplaceAll(r.wrong.Error(), "\n", ", ")
	case r.failure != nil:
		return "yes; a failure: " + strings.ReplaceAll(r.failure.Error(), "\n", ", ")
	}
	return "yes"
}

// compared returns the cells of our rate beside the original's; they are empty if that is not known.
func (o original) compared(rate float64) []string {
	if o.rate == 0 {
		return []string{"", "", "", ""}
	}
	ratio := fmt.Sprintf("%.3gx", rate/o.rate)
	if o.target == 0 {
		return []string{o.figure, ratio, "", ""}
	}
	verdict := "short"
	if rate >= o.target*o.rate {
		verdict = "ok"
	}
	return []string{o.figure, ratio, fmt.Sprintf(">= %vx", o.target), verdict}
}

// wrong joins what the checks have found.
func (r *Report) wrong() error {
	var errs []error
	for _, found := range r.rows {
		if found.wrong != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", found.name, found.kind, found.wrong))
		}
	}
	return errors.Join(errs...)
}
