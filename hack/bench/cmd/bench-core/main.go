// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command bench-core runs the scenarios of EventCore's own stress tool and benchmarks on our stores: see
// docs/performance-eventcore.md.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/cli"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/corebench"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
)

const help = `
bench-core runs the scenarios of EventCore 2.0.1's own stress tool and benchmarks on our stores: contention, throughput,
transfers, projection, pool saturation, commands with 0 to 1,000,000 events of history, appends and reads.

The first table has a row for each scenario and store. "correct" is what its check has found: a wrong result is an
error. Where the original's figure is known, the row has the ratio of the rates, ours to the original's, and ends in
"ok" or "short". The second table compares commands in memory with the original's, by the median of several rounds.
Short is a finding: the exit code is 0. It is 1 after an error or a wrong result, and 2 if a flag is wrong.

A run takes at most five minutes, and leaves nothing behind. PostgreSQL is started for it from the installed programs
initdb and postgres, unless -postgres names a server; without either, its rows are skipped. Files lie in the folder for
temporary files: TMPDIR=/on/the/disk bench-core measures another disk. Tables go to standard output, progress to
standard error.

  bench-core                                       everything
  bench-core -quick                                whether it works, in less than a minute
  bench-core -only contention -duration 10s        one scenario, for longer
  bench-core -only transfers -accounts 2 -concurrency 100
`

func main() { os.Exit(newProgram().Main(os.Args[1:], os.Stdout, os.Stderr)) }

func newProgram() cli.Program {
	settings := corebench.Settings{Histories: []int{0, 100, 1_000, 10_000, 100_000, 1_000_000}}
	comparison := compare.Options{Rounds: 7, Slice: 300 * time.Millisecond}
	return cli.Program{
		Name: "bench-core", Help: help,
		Flags: func(flags *flag.FlagSet) {
			flags.IntVar(&settings.Tasks, "concurrency", 20, "how many tasks contend, write or transfer")
			flags.DurationVar(&settings.Length, "duration", time.Second, "how long each scenario takes")
			flags.IntVar(&settings.Accounts, "accounts", 10, "how many accounts transfers go between")
		},
		Run: func(ctx context.Context, room *lab.Lab, options cli.Options, output, progress io.Writer) error {
			if options.Quick {
				settings.Length, settings.Histories = 50*time.Millisecond, []int{0, 100, 10_000}
				comparison.Rounds, comparison.Slice = 3, 50*time.Millisecond
			}
			comparison.Only, comparison.Progress = options.Only, progress
			return run(ctx, room, settings, comparison, output)
		},
	}
}

func run(
	ctx context.Context, room *lab.Lab, settings corebench.Settings, comparison compare.Options, output io.Writer,
) error {
	if err := settings.Check(); err != nil {
		return err
	}
	scenarios, err := corebench.Run(ctx, room, settings, comparison.Only, comparison.Progress)
	if err := errors.Join(err, scenarios.Print(output)); err != nil {
		return err
	}
	targets, err := compare.Run(ctx, room, corebench.Targets(), comparison)
	if err == nil && scenarios.Empty() && targets.Empty() {
		err = cli.ErrNothing
	}
	return errors.Join(err, targets.Print(output))
}
