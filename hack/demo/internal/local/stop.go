// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// ErrInterrupted is the cause of a context that ended because somebody wanted the program to stop.
var ErrInterrupted = errors.New("interrupted")

// Interruptible returns a context that ends with ErrInterrupted when the program is asked to stop, be it by a signal or, with leash, because the process that
// started it is gone: "go run" does not pass signals on.
func Interruptible(leash bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	parent := os.Getppid()
	go func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				cancel(ErrInterrupted)
			case <-ticker.C:
				if leash && os.Getppid() != parent {
					cancel(ErrInterrupted)
				}
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

// Command returns a command that is stopped together with all that it has started when ctx ends.
func Command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // the demo's own commands
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	return command
}
