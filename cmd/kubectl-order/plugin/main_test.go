// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plugin_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	commercev1 "github.com/eventcore/order-operator/api/v1"
	"github.com/eventcore/order-operator/cmd/kubectl-order/plugin"
	"github.com/eventcore/order-operator/test/harness"
)

// patience bounds whatever is waited for: it is for machines that are busy with something else.
const patience = 2 * time.Minute

// pluginName is what this program is called when it is started as the plugin.
const pluginName = "kubectl-order"

// stage is what all tests share: a control plane, and a manager behind its service proxy.
type stage struct {
	cluster *harness.Cluster
	options harness.ManagerOptions
	manager *harness.Manager
	witness *harness.Witness
	folder  string
	root    string
	// tokens are those of all ServiceAccounts: they must show up nowhere.
	tokens []string
}

var shared *stage

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == pluginName { // kubectl, or a terminal, has started us
		os.Exit(plugin.Run(context.Background(), os.Args[1:], plugin.Options{
			Streams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
			Getenv:  os.Getenv, Clock: time.Now, Version: "test",
		}))
	}
	harness.ClusterMain("kubectl-order-", func(ctx context.Context, site harness.Site, cluster *harness.Cluster) (code int, err error) {
		s := &stage{folder: site.Folder, root: site.Root, cluster: cluster}
		if err := s.prepare(ctx); err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, s.witness.Close(), s.stop(ctx)) }()
		shared = s
		code = m.Run()
		if code != 0 {
			harness.PrintTail(s.options.Log)
		}
		return code, nil
	})
}

func (s *stage) prepare(ctx context.Context) error {
	world, err := harness.NewWorld(filepath.Join(s.folder, "world"))
	if err != nil {
		return err
	}
	program, err := harness.BuildManager(ctx, s.root, s.folder)
	if err != nil {
		return err
	}
	address, err := harness.FreeHostAddress(ctx)
	if err != nil {
		return err
	}
	s.options = harness.ManagerOptions{
		Program: program, World: world, Arguments: []string{"--history-bind-address=" + address},
		Kubeconfig: filepath.Join(s.folder, "manager.kubeconfig"), Log: filepath.Join(s.folder, "manager.log"),
	}
	if err := s.cluster.WriteManagerKubeconfig(ctx, s.options.Kubeconfig); err != nil {
		return err
	}
	if err := s.cluster.PublishHistory(ctx, address); err != nil {
		return err
	}
	if err := s.people(ctx); err != nil {
		return err
	}
	if err := s.cluster.ApplyFile(ctx, "", filepath.Join(s.root, "config", "samples", "gateway-and-carrier.yaml")); err != nil {
		return err
	}
	if err := s.cluster.ApplyFile(ctx, shop, filepath.Join(s.root, "config", "samples", "products.yaml")); err != nil {
		return err
	}
	if s.witness, err = world.Witness(ctx); err != nil {
		return err
	}
	return errors.Join(s.start(ctx), s.supplied(ctx))
}

// supplied waits until the stock of the products is known: until then orders wait for it, and have an event more.
func (s *stage) supplied(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	known := map[string]bool{}
	return s.cluster.WatchProducts(ctx, shop, func(product *commercev1.Product, _ bool) bool {
		if product.Status.Available != nil {
			known[product.Name] = true
		}
		return len(known) == 3
	})
}

func (s *stage) start(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if s.manager, err = harness.StartManager(s.options); err != nil {
		return err
	}
	return s.manager.WaitReady(ctx)
}

func (s *stage) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.manager.Stop(ctx)
}
