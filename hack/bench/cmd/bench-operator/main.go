// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command bench-operator compares the operator with one that does nothing but a status write for each order: see
// docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/eventcore/order-operator/hack/bench/internal/cli"
	"github.com/eventcore/order-operator/hack/bench/internal/compare"
	"github.com/eventcore/order-operator/hack/bench/internal/lab"
	"github.com/eventcore/order-operator/hack/bench/internal/operatorbench"
)

const help = `
bench-operator has operators carry out orders on a control plane of its own: a real kube-apiserver, and etcd that waits
for the disk. Ours is the manager as it is shipped, a process with the shipped rights, on a SQLite event store at FULL
with the simulated providers and their ledgers. The null operator next to it does nothing but one status write for each
order, of the same size: what it reaches is what the API server allows on this machine.

In a burst, orders are created as fast as the API server takes them; orders/s is from the first one's creation until a
watch has shown the last one's end. In the open loop 30 orders are created in each second, whatever happens to those
before; p50 and p99 are from when an order was to be created until a watch has shown its end. "used by each" is what an
order has cost: requests as the API server counts them, commits and events of the event store, and milliseconds of each
process.

What is compared takes turns, in rounds, every other round in reverse; an operator is started for its turn, and its
orders are deleted after it. The ratio is taken in each round, and the table gives the median, with the lowest and the
highest. A row ends in "ok" if the median reaches the target of the design, and in "short" otherwise. Short is a finding:
the exit code is 0. It is 1 after an error or an order that does not complete, and 2 if a flag is wrong.

A run takes at most ten minutes, and with -full half an hour. It leaves nothing behind. KUBEBUILDER_ASSETS names the folder of
the control plane ("make bench-operator" sees to it). Files lie in the folder for temporary files. Tables go to standard
output, progress to standard error. It needs Linux, and to be run within the repository.

  bench-operator                        everything, with a history of 20,000 orders
  bench-operator -full                  with a history of 100,000 orders, and more rounds
  bench-operator -quick                 whether it works, in about a minute
  bench-operator -only 'burst.*null'    some rows
  bench-operator -profiles DIR          and CPU profiles of the manager, and its heap, in the folder
`

// The sizes of a run.
var (
	usual = operatorbench.Settings{Rounds: 3, Burst: 500, Length: 10 * time.Second, Little: 1_000, Much: 20_000, Cached: 10_000}
	full  = operatorbench.Settings{Rounds: 7, Burst: 1_000, Length: 20 * time.Second, Little: 1_000, Much: 100_000, Cached: 10_000}
	quick = operatorbench.Settings{Rounds: 1, Burst: 30, Length: time.Second, Little: 10, Much: 100, Cached: 30}
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == operatorbench.NullArgument {
		os.Exit(null())
	}
	os.Exit(newProgram().Main(os.Args[1:], os.Stdout, os.Stderr))
}

// null is the null operator.
func null() int {
	if err := operatorbench.RunNull(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench-operator: null operator:", err)
		return 1
	}
	return 0
}

func newProgram() cli.Program {
	everything, profiles := false, ""
	return cli.Program{
		Name: "bench-operator", Help: help,
		Flags: func(flags *flag.FlagSet) {
			flags.BoolVar(&everything, "full", false, "measure with a history of 100,000 orders: takes up to half an hour")
			flags.StringVar(&profiles, "profiles", "", "write CPU profiles of the manager, and of its heap, to the `folder`")
		},
		Run: func(ctx context.Context, room *lab.Lab, options cli.Options, output, progress io.Writer) error {
			settings := usual
			switch {
			case options.Quick:
				settings = quick
			case everything:
				settings = full
			}
			settings.Profiles = profiles
			comparison := compare.Options{Slice: settings.Length, Only: options.Only, Progress: progress}
			err := operatorbench.Run(ctx, room, settings, comparison, output)
			if errors.Is(err, operatorbench.ErrNothing) {
				return cli.ErrNothing
			}
			return err
		},
	}
}
