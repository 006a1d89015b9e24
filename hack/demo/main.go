// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command demo shows the operator at work on a control plane of its own, and checks how it ends.
//
// It is two programs. This one needs nothing but the standard library, so that a fresh clone shows something at once: it plays the example, builds
// the API server and the second program, stage, and becomes that one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/eventcore/order-operator/hack/demo/internal/local"
)

const usage = `demo shows the operator at work on a control plane of its own on this machine, and checks how it ends.

Usage:
  go run ./hack/demo         play the example without a cluster, then a dozen orders on a control plane: some are
                             refused, some calls get lost, and the operator is killed in the middle of a payment. Checks
                             that every order ends as it should and that money and stock add up; exit code 0 only then.
  go run ./hack/demo up      start the control plane and the operator, and leave them running
  go run ./hack/demo down    stop them

or: make demo, make demo-up, make demo-down

The first run builds kube-apiserver and etcd from source, which takes minutes, or takes them from KUBEBUILDER_ASSETS.
No kubectl, container runtime or root is needed; everything listens on the loopback interface. What a run leaves behind,
such as the event store and the operator's log, is in .demo/run until the next one. Ctrl-C stops everything.
`

func main() {
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flag.Parse()
	ctx, cancel := local.Interruptible(true)
	err := run(ctx, flag.Args())
	cancel()
	switch {
	case errors.Is(context.Cause(ctx), local.ErrInterrupted):
		fmt.Fprintln(os.Stderr, "demo: interrupted: everything is stopped")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	folder, err := local.Open(root)
	if err != nil {
		return err
	}
	switch {
	case len(arguments) == 0:
		return play(ctx, root, folder, "play")
	case len(arguments) == 1 && arguments[0] == "up":
		return play(ctx, root, folder, "up")
	case len(arguments) == 1 && arguments[0] == "down":
		return down(ctx, folder)
	}
	return fmt.Errorf("unknown arguments %q: see go run ./hack/demo --help", arguments)
}

// findRoot returns the folder of the repository, in which the working directory is.
func findRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "PROJECT")); err == nil {
			return folder, nil
		}
		if filepath.Dir(folder) == folder {
			return "", errors.New("not within the repository: change into it")
		}
		folder = filepath.Dir(folder)
	}
}

// play builds what is missing and becomes the stage.
func play(ctx context.Context, root string, folder local.Folder, what string) error {
	if _, running, err := folder.Holder(); err != nil {
		return err
	} else if running {
		return local.ErrRunning
	}
	b := builder{root: root, folder: folder}
	if what == "play" {
		if err := b.example(ctx); err != nil {
			return err
		}
	}
	assets, err := b.controlPlane(ctx)
	if err != nil {
		return err
	}
	if err := b.programs(ctx); err != nil {
		return err
	}
	stage := filepath.Join(folder.Programs(), "stage")
	environment := append(os.Environ(), "KUBEBUILDER_ASSETS="+assets)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return syscall.Exec(stage, []string{stage, what}, environment) //nolint:gosec // the program that was built just now
}

// down stops what up has started, or a demo that plays elsewhere.
func down(ctx context.Context, folder local.Folder) error {
	pid, running, err := folder.Holder()
	if err != nil {
		return err
	}
	if !running {
		fmt.Println("demo: nothing is running")
		return nil
	}
	fmt.Printf("demo: stopping the operator and its control plane (process %d)\n", pid)
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for range 600 {
		if _, running, err := folder.Holder(); err != nil || !running {
			fmt.Println("demo: stopped")
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("process %d has not ended within a minute", pid)
}
