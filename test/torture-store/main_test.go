// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torturestore

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	appends = flag.Int("appends", 20_000, "stop after so many acknowledged appends")
	limit   = flag.Duration("limit", 20*time.Second, "stop after this time at the latest")
	every   = flag.Duration("kill-every", 200*time.Millisecond, "how often one of the processes is killed")
	dsn     = flag.String("store", "", "DSN of the store, for example postgres://…; a new SQLite file if empty")
)

// TestMain turns this binary into a process that appends, if its environment says so.
func TestMain(m *testing.M) {
	orders := os.Getenv(ordersVariable)
	if orders == "" {
		goleak.VerifyTestMain(m)
		return
	}
	signal.Ignore(os.Interrupt) // Ctrl-C is for the parent, which closes the standard input of this process
	if err := work(context.Background(), orders); err != nil {
		fmt.Fprintln(os.Stderr, "torture-store:", err)
		os.Exit(1)
	}
}
