// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command manager is the operator: the four services and their controllers in one process, or some of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	stdlog "log"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// Set by the linker.
var (
	version = "dev"
	commit  = "unknown"
	date    = "unknown"
)

func main() {
	if name, arguments, ok := commandOf(os.Args[1:]); ok {
		os.Exit(runCommand(name, arguments))
	}
	options, err := parseOptions(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2) // parseOptions has said why
	case options.version:
		_, _ = fmt.Fprintf(os.Stdout, "manager %s (commit %s, built %s)\n", version, commit, date)
		return
	}
	logger := zap.New(zap.UseFlagOptions(&options.log))
	redirectLogs(logger)
	ctx := logr.NewContext(ctrl.SetupSignalHandler(), logger)
	if err := run(ctx, options); err != nil {
		logger.Error(err, "The manager stopped")
		os.Exit(1)
	}
}

// redirectLogs has everything logged by the logger, also what libraries tell the standard library's, such as net/http.
func redirectLogs(logger logr.Logger) {
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	stdlog.SetFlags(0)
	stdlog.SetOutput(lines{logger.WithName("library")})
}

// lines logs each write as a line.
type lines struct{ logr.Logger }

// Write implements io.Writer.
func (l lines) Write(line []byte) (int, error) {
	l.Info(string(trimNewline(line)))
	return len(line), nil
}

func trimNewline(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return line[:n-1]
	}
	return line
}

// run starts the manager and returns nil once ctx has ended and everything is closed.
func run(ctx context.Context, options options) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the API server (set --kubeconfig or KUBECONFIG, or run in a cluster): %w", err)
	}
	// Since 1.37 the API server compresses each event of an informer's watch by itself, for as long as the watch lasts:
	// that costs it, and us, more time than the few bytes of an Order are worth within a cluster.
	config.DisableCompression = true
	p, err := newProcess(config, options, logr.FromContextOrDiscard(ctx))
	if err != nil {
		return err
	}
	frame, err := newFrame(config, options, p)
	if err != nil {
		return err
	}
	if err := frame.Start(ctx); err != nil {
		return fmt.Errorf("run the manager: %w", err)
	}
	return nil
}
