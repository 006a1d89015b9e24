// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/measure"
)

// Options are how thoroughly to measure.
type Options struct {
	Rounds int
	// Cold leaves out the round that warms up.
	Cold bool
	// Slice is how long each workload works in a round.
	Slice time.Duration
	// Until is when groups stop that have had fewer rounds than Rounds, but leastRounds of them; never if zero.
	Until time.Time
	// Only selects rows by their names; all if nil.
	Only     *regexp.Regexp
	Progress io.Writer
}

const leastRounds = 3

// another says whether there is to be that round, the first of which is 0.
func (o Options) another(round int) bool {
	if round > leastRounds && !o.Until.IsZero() && time.Now().After(o.Until) {
		return false
	}
	return round <= o.Rounds
}

func (o Options) first() int {
	if o.Cold {
		return 1
	}
	return 0
}

// Run measures the groups, one after the other. Groups that need a PostgreSQL server are skipped if there is none.
func Run(ctx context.Context, room *lab.Lab, groups []Group, options Options) (Report, error) {
	report := Report{}
	clock := progress{output: options.Progress, begin: time.Now()}
	for _, group := range groups {
		group = group.only(options.Only)
		if len(group.Rows) == 0 {
			continue
		}
		rounds, err := group.run(ctx, room, options, clock)
		if errors.Is(err, lab.ErrNoServer) {
			report.Skipped = append(report.Skipped, fmt.Sprintf("%s: %v", group.Name, err))
			continue
		}
		if err != nil {
			return report, fmt.Errorf("%s: %w", group.Name, err)
		}
		report.add(group, rounds)
	}
	return report, nil
}

// only leaves the rows whose names match, and the workloads that they need.
func (g Group) only(names *regexp.Regexp) Group {
	if names != nil {
		g.Rows = slices.DeleteFunc(slices.Clone(g.Rows), func(r Row) bool { return !names.MatchString(r.Name) })
	}
	needed := slices.Clone(g.Beside)
	for _, row := range g.Rows {
		needed = append(needed, row.Ours.Workload, row.Limit.Workload)
	}
	g.Workloads = slices.DeleteFunc(slices.Clone(g.Workloads), func(w Workload) bool {
		return !slices.Contains(needed, w.Name)
	})
	return g
}

// results are those of a workload, by round.
type results map[string][]measure.Result

func (g Group) run(ctx context.Context, room *lab.Lab, options Options, clock progress) (_ results, err error) {
	defer func() { err = errors.Join(err, room.Clear()) }()
	measures := make([]Measure, len(g.Workloads))
	for i, workload := range g.Workloads {
		clock.say("%s: preparing %s", g.Name, workload.Name)
		if measures[i], err = workload.Open(ctx, room); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", workload.Name, err)
		}
	}
	rounds := results{}
	// Round 0 warms up: files grow most at their beginning.
	for round := options.first(); options.another(round); round++ {
		if round%reportEvery == 0 || round == options.Rounds {
			clock.say("%s: round %d of %d", g.Name, round, options.Rounds)
		}
		for _, i := range order(len(measures), round) {
			workload := g.Workloads[i]
			runtime.GC() // what the others left behind is not this one's to clear away
			result, err := measures[i](ctx, options.Slice)
			if err != nil {
				return nil, fmt.Errorf("measure %s: %w", workload.Name, err)
			}
			if round > 0 {
				rounds[workload.Name] = append(rounds[workload.Name], result)
			}
		}
	}
	return rounds, nil
}

// order is who works after whom: every other round goes backwards, so that nobody always follows the same one, whose
// write-back and checkpoints may still be under way.
func order(workloads, round int) []int {
	turns := make([]int, workloads)
	for i := range turns {
		turns[i] = i
	}
	if round%2 == 1 {
		slices.Reverse(turns)
	}
	return turns
}

// reportEvery is after how many rounds progress is told.
const reportEvery = 10

// progress tells a human what goes on.
type progress struct {
	output io.Writer
	begin  time.Time
}

func (p progress) say(format string, arguments ...any) {
	arguments = append([]any{time.Since(p.begin).Seconds()}, arguments...)
	_, _ = fmt.Fprintf(p.output, "%4.0f s  "+format+"\n", arguments...) // nobody is told if the terminal has gone
}
