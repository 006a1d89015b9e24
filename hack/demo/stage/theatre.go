// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/eventcore/order-operator/hack/demo/internal/local"
	"github.com/eventcore/order-operator/test/harness"
)

const (
	namespace = "shop"
	// stopPatience is how long the operator may take to end.
	stopPatience = 30 * time.Second
)

// theatre is the control plane with the operator.
type theatre struct {
	root    string
	folder  local.Folder
	screen  *screen
	cluster *harness.Cluster
	options harness.ManagerOptions
	manager *harness.Manager
	witness *harness.Witness // while it plays
}

// open starts the control plane and the operator, on an empty store.
func (t *theatre) open(ctx context.Context) (err error) {
	if err := t.folder.Clear(); err != nil {
		return err
	}
	begin := time.Now()
	t.screen.say(plain, "demo: starting an API server and etcd")
	t.cluster, err = harness.StartCluster(ctx, harness.ClusterOptions{Root: t.root, FieldManager: "demo"})
	if err != nil {
		return err
	}
	if err := t.cluster.CreateNamespace(ctx, namespace); err != nil {
		return err
	}
	if err := t.cluster.WriteAdminKubeconfig(t.run("kubeconfig"), namespace); err != nil {
		return err
	}
	if err := t.cluster.WriteManagerKubeconfig(ctx, t.run("manager.kubeconfig")); err != nil {
		return err
	}
	world, err := harness.NewWorld(t.run("store"))
	if err != nil {
		return err
	}
	t.options = harness.ManagerOptions{
		Program:    filepath.Join(t.folder.Programs(), "manager"),
		Kubeconfig: t.run("manager.kubeconfig"),
		World:      world,
		Log:        t.run("manager.log"),
	}
	t.screen.say(plain, "demo: starting the operator, as its ServiceAccount with the roles of config/rbac")
	if err := t.start(ctx); err != nil {
		return err
	}
	t.screen.say(plain, "demo: ready after %s", time.Since(begin).Round(100*time.Millisecond))
	return nil
}

func (t *theatre) run(name string) string { return filepath.Join(t.folder.Run(), name) }

// start starts the operator and waits until it is ready.
func (t *theatre) start(ctx context.Context) error {
	manager, err := harness.StartManager(t.options)
	if err != nil {
		return err
	}
	t.manager = manager
	if err := manager.WaitReady(ctx); err != nil {
		return fmt.Errorf("%w; its log is %s", err, t.relative(t.options.Log))
	}
	return nil
}

// guard implements operator: the play is over when the process ends.
func (t *theatre) guard(ctx context.Context, work func(ctx context.Context) error) error {
	guarded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	exited := t.manager.Exited()
	go func() {
		select {
		case <-exited:
			cancel(fmt.Errorf("%w; its log is %s", harness.ErrExited, t.relative(t.options.Log)))
		case <-guarded.Done():
		}
	}()
	return work(guarded)
}

// close stops everything.
func (t *theatre) close() error {
	var errs []error
	if t.manager != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
		defer cancel()
		if err := t.manager.Stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("the operator did not end well: %w", err))
		}
	}
	if t.cluster != nil {
		errs = append(errs, t.cluster.Stop())
	}
	return errors.Join(errs...)
}

// relative shortens a path for people.
func (t *theatre) relative(path string) string {
	working, err := os.Getwd()
	if err != nil {
		return path
	}
	short, err := filepath.Rel(working, path)
	if err != nil {
		return path
	}
	return short
}
