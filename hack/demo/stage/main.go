// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command stage is the part of the demo that needs a control plane. hack/demo builds it and becomes it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/eventcore/order-operator/hack/demo/internal/local"
	"github.com/eventcore/order-operator/test/harness"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "stage: run it by: go run ./hack/demo")
		os.Exit(2)
	}
	ctrl.SetLogger(logr.Discard())
	what := os.Args[1]
	ctx, cancel := local.Interruptible(what != serve)
	err := run(ctx, what, os.Args[2:])
	interrupted := errors.Is(context.Cause(ctx), local.ErrInterrupted)
	cancel()
	switch {
	case interrupted && what == inPods:
		fmt.Fprintln(os.Stderr, "demo: interrupted: the cluster is left as it is")
		os.Exit(130)
	case interrupted && what != serve:
		fmt.Fprintln(os.Stderr, "demo: interrupted: everything is stopped")
		os.Exit(130)
	case err != nil && !interrupted:
		fmt.Fprintln(os.Stderr, "demo: FAILED:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, what string, arguments []string) error {
	root, err := harness.Root()
	if err != nil {
		return err
	}
	if what == inPods && len(arguments) == 1 {
		return playInPods(ctx, root, arguments[0])
	}
	folder, err := local.Open(root)
	if err != nil {
		return err
	}
	if what == "up" {
		return up(ctx, folder)
	}
	lock, err := folder.Lock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	t := &theatre{root: root, folder: folder, screen: newScreen(os.Stdout)}
	if what == serve {
		return t.serve(ctx)
	}
	return t.play(ctx)
}
