// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command bench-store compares our stores with the raw limits of the disk and the databases: see
// docs/performance-eventcore.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/cli"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/storebench"
)

// longest is after what time what is still to come has the fewest rounds only: all takes less than five minutes.
const longest = 230 * time.Second

const help = `
bench-store compares our stores with what this machine can do at most: fdatasync, raw SQLite, raw PostgreSQL.

What is compared takes turns, in rounds of short slices: ours and its limit run within the same second, every other
round in reverse. The ratio is taken in each round, and the table gives the median, with the lowest and the highest.
A row ends in "ok" if the median reaches the target of the design, and in "short" otherwise. Short is a finding: the
exit code is 0. It is 1 after an error, and 2 if a flag is wrong.

A run takes at most five minutes, and leaves nothing behind. PostgreSQL is started for it from the installed programs
initdb and postgres, unless -postgres names a server; without either, its rows are skipped. Files lie in the folder for
temporary files: TMPDIR=/on/the/disk bench-store measures another disk. Tables go to standard output, progress to
standard error.

  bench-store                               everything
  bench-store -quick                        whether it works, in less than a minute
  bench-store -only '^SQLite, 1 writer'     some rows
  bench-store -only 256 -cpuprofile cpu.out what limits them
`

func main() {
	if len(os.Args) == 2 && os.Args[1] == storebench.WriterArgument {
		os.Exit(writer())
	}
	os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr))
}

// writer is one of the processes that write to the same store.
func writer() int {
	if err := storebench.RunWriter(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench-store: writer:", err)
		return 1
	}
	return 0
}

var program = cli.Program{Name: "bench-store", Help: help, Run: run}

func run(ctx context.Context, room *lab.Lab, options cli.Options, output, progress io.Writer) error {
	comparison := compare.Options{
		Rounds: 30, Slice: 150 * time.Millisecond, Only: options.Only, Progress: progress, Until: time.Now().Add(longest),
	}
	size := storebench.Full
	if options.Quick {
		comparison.Rounds, comparison.Slice, size = 3, 60*time.Millisecond, storebench.Quick
	}
	report, err := compare.Run(ctx, room, storebench.Groups(size), comparison)
	if err == nil && report.Empty() {
		err = cli.ErrNothing
	}
	return errors.Join(err, report.Print(output))
}
