// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package torture_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/eventcore/order-operator/test/harness"
)

var (
	rounds = flag.Int("rounds", 5, "how often the manager is killed")
	seed   = flag.Uint64("seed", 0, "the seed of the moments at which it is killed; random if 0")
)

// patience bounds whatever is waited for: it is for machines that are busy with something else.
const patience = 2 * time.Minute

// stage is what all tests share: one control plane, and one event store with its ledgers. A second store would take the Orders of the first one
// for new.
type stage struct {
	cluster *harness.Cluster
	witness *harness.Witness
	manager harness.ManagerOptions
	root    string
}

var shared *stage

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	harness.ClusterMain("torture-", func(ctx context.Context, site harness.Site, cluster *harness.Cluster) (code int, err error) {
		s := &stage{root: site.Root, cluster: cluster}
		if err := s.prepare(ctx, site.Folder); err != nil {
			return 1, err
		}
		defer func() { err = errors.Join(err, s.witness.Close()) }()
		shared = s
		code = m.Run()
		if code != 0 {
			harness.PrintTail(s.manager.Log)
		}
		return code, nil
	})
}

func (s *stage) prepare(ctx context.Context, folder string) (err error) {
	world, err := harness.NewWorld(filepath.Join(folder, "world"))
	if err != nil {
		return err
	}
	program, err := harness.BuildManager(ctx, s.root, folder)
	if err != nil {
		return err
	}
	s.manager = harness.ManagerOptions{
		Program: program, World: world,
		Kubeconfig: filepath.Join(folder, "kubeconfig"), Log: filepath.Join(folder, "manager.log"),
	}
	if err := s.cluster.WriteManagerKubeconfig(ctx, s.manager.Kubeconfig); err != nil {
		return err
	}
	if err := s.cluster.ApplyFile(ctx, "", filepath.Join(s.root, "config", "samples", "gateway-and-carrier.yaml")); err != nil {
		return err
	}
	s.witness, err = world.Witness(ctx)
	return err
}
