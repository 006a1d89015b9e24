// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command manager is the operator: the four services and their controllers in one process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
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
	ctrl.SetLogger(logger)
	ctx := logr.NewContext(ctrl.SetupSignalHandler(), logger)
	if err := run(ctx, options); err != nil {
		logger.Error(err, "The manager stopped")
		os.Exit(1)
	}
}

// run starts the manager and returns nil once ctx has ended and everything is closed.
func run(ctx context.Context, options options) (err error) {
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the API server (set --kubeconfig or KUBECONFIG, or run in a cluster): %w", err)
	}
	world, err := openWorld(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.close()) }()
	mgr, err := newManager(config, options)
	if err != nil {
		return err
	}
	services, err := setup(ctx, mgr, world, options)
	if err != nil {
		return err
	}
	defer services.Close()
	logr.FromContextOrDiscard(ctx).Info("Starting", "version", version, "store", world.store.Identity().StoreID.String())
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run the controllers: %w", err)
	}
	return nil
}
