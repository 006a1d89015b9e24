// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command dbos carries out the orders of bench-saga with DBOS Go. It is started by bench-saga, which tells it what to
// do on its standard input: see package remote.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/eventcore/order-operator/hack/bench/internal/remote"
)

func main() {
	if err := remote.Serve(context.Background(), os.Stdin, os.Stdout, begin); err != nil {
		fmt.Fprintln(os.Stderr, "bench-saga-dbos:", err)
		os.Exit(1)
	}
}
