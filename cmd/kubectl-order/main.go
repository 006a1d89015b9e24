// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-order is a kubectl plugin: put it on your PATH and run "kubectl order --help".
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
)

// Set by the linker.
var (
	version = "dev"
	commit  = "unknown"
	date    = "unknown"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := plugin.Run(ctx, os.Args[1:], plugin.Options{
		Streams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Getenv:  os.Getenv, Clock: time.Now,
		Version: version + " (commit " + commit + ", built " + date + ")",
	})
	stop()
	os.Exit(code)
}
