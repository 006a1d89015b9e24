// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command bench-saga compares our saga engine with DBOS Go, and with the same facts written by hand: see
// docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/cli"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/sagabench"
)

// longest is after what time what is still to come has the fewest rounds only: all takes less than five minutes.
const longest = 210 * time.Second

const help = `
bench-saga carries out orders without Kubernetes: reserve the stock of three items, take the payment, create the
shipment; or be refused by the carrier, refund the payment and release the stock. Ours are the four services of the
operator on its event store; next to them DBOS Go carries out the same orders in the same steps on the same kind of
database, and the floor writes the same facts by raw SQL with a commit for each step, deciding nothing. All providers
answer at once and keep nothing.

On SQLite, ours waits for the disk at each commit (synchronous=FULL). DBOS does not by default (NORMAL: a power cut may
lose commits), and does in the rows "at FULL". On PostgreSQL both wait.

What is compared takes turns, in rounds, every other round in reverse. The ratio is taken in each round, and the table
gives the median, with the lowest and the highest. A row ends in "ok" if the median reaches the target, and in "short"
otherwise. Short is a finding: the exit code is 0. It is 1 after an error or an order that ends in the wrong way, and 2
if a flag is wrong.

A run takes at most five minutes, and leaves nothing behind. PostgreSQL is started for it from the installed programs
initdb and postgres, unless -postgres names a server; without either, its rows are skipped. Files lie in the folder for
temporary files: TMPDIR=/on/the/disk bench-saga measures another disk. Tables go to standard output, progress to
standard error.

  bench-saga                                      everything
  bench-saga -quick                               whether it works, in less than a minute
  bench-saga -only 'SQLite, happy, 1 at once'     some rows
  bench-saga -only 'SQLite, happy, 64 at once : the floor' -cpuprofile cpu.out
`

func main() { os.Exit(newProgram().Main(os.Args[1:], os.Stdout, os.Stderr)) }

func newProgram() cli.Program {
	dbos := ""
	return cli.Program{
		Name: "bench-saga", Help: help,
		Flags: func(flags *flag.FlagSet) {
			flags.StringVar(&dbos, "dbos", beside("bench-saga-dbos"), "the `program` of the module hack/bench/dbos")
		},
		Run: func(ctx context.Context, room *lab.Lab, options cli.Options, output, progress io.Writer) error {
			comparison := compare.Options{
				Rounds: 6, Slice: time.Second, Only: options.Only, Progress: progress, Until: time.Now().Add(longest),
			}
			if options.Quick {
				comparison.Rounds, comparison.Slice = 1, 100*time.Millisecond
			}
			report, err := compare.Run(ctx, room, sagabench.Groups(dbos), comparison)
			if err == nil && report.Empty() {
				err = cli.ErrNothing
			}
			return errors.Join(err, report.Print(output))
		},
	}
}

// beside returns the path of a program in the folder of this one.
func beside(name string) string {
	program, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(program), name)
}
